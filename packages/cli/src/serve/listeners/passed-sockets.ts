// Sockets that systemd opened before we began (sd_listen_fds(3)): descriptors from 3 on. A restart refuses
// no connection then: they wait in the socket meanwhile.
import cluster from 'node:cluster';
import type { Server } from 'node:net';
import type { ListenAddress } from '../../config/listen-address.ts';
import type { Environment } from '../../config/environment.ts';
import { EXIT } from '../../terminal/exit-codes.ts';
import { CommandFailure } from '../../terminal/explain-failure.ts';

export interface PassedSocket {
  readonly fd: number;
  /** `FileDescriptorName=` of the socket unit. */
  readonly name: string;
}

type SystemdAddress = Extract<ListenAddress, { kind: 'systemd' }>;

const FIRST_FD = 3;

/** None when they are meant for another process, as those of a parent that kept its variables. */
export function passedSockets(environment: Environment, pid: number): PassedSocket[] {
  const count = Number(environment['LISTEN_FDS'] ?? 0);
  if (!Number.isInteger(count) || Number(environment['LISTEN_PID']) !== pid) return [];
  const names = (environment['LISTEN_FDNAMES'] ?? '').split(':');
  return Array.from({ length: count }, (_, i) => ({ fd: FIRST_FD + i, name: names[i] ?? '' }));
}

function missing({ name }: SystemdAddress, passed: readonly PassedSocket[]): CommandFailure {
  const what = name === undefined ? 'no socket' : `no socket named ${name}`;
  const names = passed.map((socket) => socket.name).join(', ');
  const hint =
    passed.length === 0
      ? 'Start portolan by a unit with a .socket beside it, and let ExecStart be node itself, not a shell around it.'
      : `It passed: ${names}. FileDescriptorName= in the .socket unit is its name.`;
  return new CommandFailure(`systemd passed ${what} to this process`, EXIT.failed, { hint });
}

/** Gives each `systemd:` entry its descriptors. @throws CommandFailure where there is none */
export function takePassedSockets(
  listen: readonly ListenAddress[],
  passed: readonly PassedSocket[],
): ListenAddress[] {
  const entries = listen.filter((address) => address.kind === 'systemd');
  const named = new Set(entries.map(({ name }) => name));
  return listen.flatMap((address): ListenAddress[] => {
    if (address.kind !== 'systemd') return [address];
    const found = passed.filter(({ name }) =>
      address.name === undefined ? !named.has(name) : name === address.name,
    );
    if (found.length === 0) throw missing(address, passed);
    return found.map(({ fd, name }) => ({ ...address, fd, name }));
  });
}

/** What a worker must inherit, for `stdio`: each descriptor under its own number. */
export function inheritedDescriptors(listen: readonly ListenAddress[]): (number | 'ignore')[] {
  const fds = listen.flatMap((address) => (address.kind === 'systemd' ? (address.fd ?? []) : []));
  const length = Math.max(FIRST_FD - 1, ...fds) - FIRST_FD + 1;
  return Array.from({ length }, (_, i) => (fds.includes(FIRST_FD + i) ? FIRST_FD + i : 'ignore'));
}

/**
 * In a worker node takes `fd` for a descriptor of the primary, and closes it there with the last worker,
 * after which no other could listen. Workers inherit it, so each opens its own.
 */
export function listenOnInherited(server: Server, { fd }: SystemdAddress): void {
  if (fd === undefined) throw new Error('the socket of systemd has no descriptor');
  const { isPrimary } = cluster;
  Object.assign(cluster, { isPrimary: true });
  server.listen({ fd });
  Object.assign(cluster, { isPrimary });
}
