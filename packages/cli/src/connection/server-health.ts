// Asks the server of this machine whether it can do its work, at the addresses that it listens on.
import { type IncomingMessage, request as httpRequest, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { ListenAddress, ListenScheme } from '../config/listen-address.ts';

const WITHIN_MS = 5000;
const EVERY_ADDRESS: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' };

/** Those that a client of this machine can talk to; a socket of systemd has no address that we know. */
export function askableAddresses(
  listen: readonly ListenAddress[],
  schemes: readonly ListenScheme[] = ['http', 'https'],
): readonly ListenAddress[] {
  return listen.filter(
    ({ scheme, kind, hasProxyHeader }) =>
      schemes.includes(scheme) && kind !== 'systemd' && !hasProxyHeader,
  );
}

/** Where a client of this machine connects to. */
export function placeOf(
  address: ListenAddress,
): Pick<RequestOptions, 'host' | 'port' | 'socketPath'> {
  if (address.kind === 'unix') return { socketPath: address.path };
  if (address.kind === 'systemd') throw new Error('a socket of systemd has no address');
  return { host: EVERY_ADDRESS[address.host] ?? address.host, port: address.port };
}

/** The status of `/readyz`. @throws the system's error when nobody answers in time */
export async function askReadiness(address: ListenAddress): Promise<number> {
  const options = {
    ...placeOf(address),
    path: '/readyz',
    headers: { host: 'localhost' },
    agent: false,
    signal: AbortSignal.timeout(WITHIN_MS),
  };
  const answer = await new Promise<IncomingMessage>((done, fail) => {
    // Whether it is ready is the question, and not who it is: its certificate is for another name.
    const sent =
      address.scheme === 'https'
        ? httpsRequest({ ...options, rejectUnauthorized: false }, done)
        : httpRequest(options, done);
    sent.once('error', fail).end();
  });
  answer.resume();
  return answer.statusCode ?? 0;
}
