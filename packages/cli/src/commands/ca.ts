// `portolan ca`: the certificate authority that is built in, and the certificates of the servers.
import type { Command } from 'commander';
import { registerCaCertificates } from './ca-certificates.ts';
import { registerCaInit } from './ca-init.ts';
import { registerCaRenew } from './ca-renew.ts';
import { registerCaShow } from './ca-show.ts';
import { registerCaTrust } from './ca-trust.ts';
import type { CommandContext } from './context.ts';

export function registerCa(program: Command, context: CommandContext): void {
  const ca = program
    .command('ca')
    .description('Make certificates for servers, and let clients trust them');
  registerCaInit(ca, context);
  registerCaCertificates(ca, context);
  registerCaRenew(ca, context);
  registerCaShow(ca, context);
  registerCaTrust(ca, context);
}
