// `portolan ca trust`: what to type on a client, so that it trusts the authority.
import { DomainError, nearestName } from '@portolan/oci';
import type { Command } from 'commander';
import type { CommandContext } from './context.ts';

function unknownSystem(system: string, known: readonly string[]): DomainError {
  const nearest = nearestName(system, known);
  const hint = nearest === undefined ? `known are ${known.join(', ')}` : `did you mean ${nearest}?`;
  return new DomainError('not-found', `there are no instructions for '${system}'`, { hint });
}

export function registerCaTrust(ca: Command, context: CommandContext): void {
  ca.command('trust [system]')
    .description('Print how a system is told to trust the authority; without a name, for all')
    .addHelpText(
      'after',
      '\nSystems: debian, rhel, suse, alpine, arch, macos, windows; for one program alone docker,\ncontainerd, podman, firefox.',
    )
    .action(async (system: string | undefined) => {
      const {
        authoritiesForClients,
        authorityUnknown,
        findTrustedAuthorities,
        TRUST_SYSTEMS,
        trustInstructions,
      } = await import('@portolan/tls');
      const { output, publicUrl, tls, clock } = context;
      const { directories } = tls;
      const trusted = await findTrustedAuthorities({ directories, clock });
      if (trusted === undefined) throw authorityUnknown(directories.authority);
      const [authority, ...retired] = authoritiesForClients(trusted);
      const { host, hostname } = new URL(publicUrl ?? 'https://registry.lan');
      // By plain HTTP, since by TLS it would be trusted already: the fingerprint is what counts.
      const url = `http://${hostname}`;
      const fingerprints = [
        authority.fingerprint,
        ...retired.map(({ fingerprint }) => fingerprint),
      ] as const;
      const text = trustInstructions({ host, url, fingerprints }, system);
      if (text === undefined) throw unknownSystem(system ?? '', TRUST_SYSTEMS);
      output.text(text);
      if (publicUrl === undefined) {
        output.note('registry.lan stands for the host of this server: public_url is not set.');
      }
    });
}
