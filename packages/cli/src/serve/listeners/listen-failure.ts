// Why a listener could not be opened, and what to do about it.
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

export function listenFailure(address: ListenAddress, code: string): CommandFailure {
  const hint = HINTS[code] ?? 'Check PORTOLAN_LISTEN.';
  const message = `cannot listen on ${ListenAddress.format(address)} (${code})`;
  return new CommandFailure(message, EXIT.failed, { hint });
}
