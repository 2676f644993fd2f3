// `portolan health`: for container engines and kubelets, which run a command to see whether a server works.
import { reasonOf } from '@portolan/oci';
import type { Command } from 'commander';
import { askableAddresses, askReadiness } from '../connection/server-health.ts';
import { ListenAddress } from '../config/listen-address.ts';
import { EXIT } from '../terminal/exit-codes.ts';
import { CommandFailure } from '../terminal/explain-failure.ts';
import type { CommandContext } from './context.ts';

function findAddresses(listen: readonly ListenAddress[]): readonly ListenAddress[] {
  const addresses = askableAddresses(listen);
  if (addresses.length > 0) return addresses;
  const hint =
    'Add one to PORTOLAN_LISTEN that is not of systemd and has no PROXY protocol, such as 127.0.0.1:5000.';
  throw new CommandFailure('the server has no address to ask at', EXIT.usage, { hint });
}

async function ask(address: ListenAddress): Promise<void> {
  const where = ListenAddress.format(address);
  const status = await askReadiness(address).catch((cause: unknown) => {
    const message = `no server answers at ${where}`;
    throw new CommandFailure(message, EXIT.unavailable, { hint: reasonOf(cause), cause });
  });
  if (status === 200) return;
  const hint = 'Its log says why.';
  throw new CommandFailure(`the server at ${where} is not ready`, EXIT.unavailable, { hint });
}

export function registerHealth(program: Command, context: CommandContext): void {
  program
    .command('health')
    .description('Ask the server of this machine whether it is ready')
    .action(async () => {
      // Of two services each has its own, and one that is ready says nothing of the other.
      const addresses = findAddresses(context.listen);
      await Promise.all(addresses.map(ask));
      const address = addresses.map(ListenAddress.format).join(', ');
      context.output.record({ address, status: 'ready' });
    });
}
