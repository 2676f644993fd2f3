// Why a listener could not be opened, and what to do about it.
import { access } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ListenAddress } from '../../config/listen-address.ts';
import { EXIT } from '../../terminal/exit-codes.ts';
import { CommandFailure } from '../../terminal/explain-failure.ts';

const HINTS: Readonly<Record<string, string>> = {
  EADDRINUSE:
    'Another program listens there, perhaps a Portolan that still runs. Stop it, or choose another port: PORTOLAN_LISTEN=127.0.0.1:5001',
  EACCES: 'This user may not listen there. Ports below 1024 need a privilege; choose a higher one.',
  EADDRNOTAVAIL: 'This machine has no such address. Use one of its own, or 0.0.0.0 for all.',
  ENOTFOUND: 'The name cannot be resolved. Use an IP address.',
  ENOENT: 'The directory of the socket does not exist. Make it first.',
};
const SOCKET_HINTS: Readonly<Record<string, string>> = {
  EACCES: 'This user may not make a file in the directory of the socket.',
};

/** libuv says EACCES also where the directory of a unix socket is missing. */
async function realCode(address: ListenAddress, code: string): Promise<string> {
  if (address.kind !== 'unix' || code !== 'EACCES') return code;
  return access(dirname(address.path)).then(
    () => code,
    (error: NodeJS.ErrnoException) => error.code ?? code,
  );
}

export async function listenFailure(
  address: ListenAddress,
  given: string,
): Promise<CommandFailure> {
  const code = await realCode(address, given);
  const hints = address.kind === 'unix' ? { ...HINTS, ...SOCKET_HINTS } : HINTS;
  const message = `cannot listen on ${ListenAddress.format(address)} (${code})`;
  return new CommandFailure(message, EXIT.failed, {
    hint: hints[code] ?? 'Check PORTOLAN_LISTEN.',
  });
}
