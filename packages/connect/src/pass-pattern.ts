// Hosts that clients may be connected to although they are not mirrored: `HOST[:PORT]`, where `*` stands for
// one label in front. There is no pattern for everything: this is no open proxy.
import { ConnectTarget } from './connect-target.ts';

/** Plain data, so that it travels to workers. */
export interface PassPattern {
  /** What a host ends with when `isWildcard`, with its dot; else the host. */
  readonly host: string;
  readonly port: number;
  readonly isWildcard: boolean;
}

const HAS_PORT = /:\d+$/;

/** Undefined for what is no pattern. `*.com` is none: a name has to be left that is somebody's. */
function find(text: string): PassPattern | undefined {
  const isWildcard = text.startsWith('*.');
  const rest = isWildcard ? text.slice(2) : text;
  const target = ConnectTarget.find(HAS_PORT.test(rest) ? rest : `${rest}:443`);
  if (target === undefined) return undefined;
  const { host, port } = target;
  if (!isWildcard) return { host, port, isWildcard };
  // No labels stand before an address.
  const isName = host.includes('.') && !/\.\d+$|^\[/.test(host);
  return isName ? { host: `.${host}`, port, isWildcard } : undefined;
}

function matches(pattern: PassPattern, { host, port }: ConnectTarget): boolean {
  if (port !== pattern.port) return false;
  if (!pattern.isWildcard) return host === pattern.host;
  const label = host.slice(0, -pattern.host.length);
  return host.endsWith(pattern.host) && label !== '' && !label.includes('.');
}

export const PassPattern = { find, matches } as const;
