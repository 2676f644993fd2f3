// Where metrics are served: `PORT` on this machine alone, or `HOST:PORT` for whoever reaches that.
import { isIP } from 'node:net';
import { z } from 'zod';

export interface MetricsAddress {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
}

const LOOPBACK = '127.0.0.1';
const FORM = /^(?:(?:\[([0-9a-f:.]+)\]|([^\s:/[\]]+)):)?(\d{1,5})$/i;

function find(text: string): MetricsAddress | undefined {
  const [, v6, name, digits] = FORM.exec(text.trim()) ?? [];
  const port = Number(digits);
  if (digits === undefined || port > 65_535) return undefined;
  if (v6 !== undefined && isIP(v6) !== 6) return undefined;
  return { host: v6 ?? name ?? LOOPBACK, port };
}

/** `http://HOST:PORT/metrics`. */
export function metricsUrl({ host, port }: MetricsAddress): string {
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}/metrics`;
}

/** A kind of setting. */
export function metricsAddress() {
  const what = 'is not a port, host:port or [IPv6 address]:port, with a port up to 65535';
  return z.union([z.number(), z.string()], { error: what }).transform((value, context) => {
    const address = find(String(value));
    if (address !== undefined) return address;
    context.addIssue(what);
    return z.NEVER;
  });
}
