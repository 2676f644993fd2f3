// `portolan health`: for container engines and kubelets, which run a command to see whether a server works.
import { reasonOf } from '@portolan/oci';
import type { Command } from 'commander';
import { askableAddress, askReadiness } from '../connection/server-health.ts';
import { ListenAddress } from '../config/listen-address.ts';
import { EXIT } from '../terminal/exit-codes.ts';
import { CommandFailure } from '../terminal/explain-failure.ts';
import type { CommandContext } from './context.ts';

function findAddress(listen: readonly ListenAddress[]): ListenAddress {
  const address = askableAddress(listen);
  if (address !== undefined) return address;
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
      const address = findAddress(context.listen);
      await ask(address);
      context.output.record({ address: ListenAddress.format(address), status: 'ready' });
    });
}
