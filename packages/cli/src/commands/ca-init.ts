// `portolan ca init`: makes the authority. What it may issue for is decided here, once: it is part of
// the certificate that clients trust.
import { DomainError, UpstreamHost } from '@portolan/oci';
import type { Authority } from '@portolan/tls';
import type { Command } from 'commander';
import { isIP } from 'node:net';
import type { CommandContext } from './context.ts';
import { collectText } from './repeated-option.ts';
import { timestamp } from './timestamp.ts';

interface InitOptions {
  readonly name?: readonly string[];
  readonly ip?: readonly string[];
  readonly impersonate?: readonly string[];
  readonly forceNew?: true;
}

/** What clients call this server, without the brackets of an IPv6 address. */
function publicHost({ publicUrl }: CommandContext): string | undefined {
  if (publicUrl === undefined) return undefined;
  return new URL(publicUrl).hostname.replace(/^\[(.*)\]$/, '$1');
}

function impersonatedDomain(text: string): string {
  const host = UpstreamHost.find(text);
  if (host !== undefined) return host.replace(/:\d+$/, '');
  throw new DomainError('request-invalid', `'${text}' is not the host of a registry`, {
    hint: 'write it as in the names of its images: docker.io, quay.io',
  });
}

/** Nothing given means the host that clients are told to use. */
function requestOf(context: CommandContext, options: InitOptions) {
  const { name = [], ip = [], impersonate = [] } = options;
  const host = name.length + ip.length === 0 ? publicHost(context) : undefined;
  const own = host === undefined ? [] : [host];
  return {
    domains: [
      ...name,
      ...own.filter((one) => isIP(one) === 0),
      ...impersonate.map(impersonatedDomain),
    ],
    networks: [...ip, ...own.filter((one) => isIP(one) !== 0)],
    isForced: options.forceNew === true,
  };
}

export function authorityRecord({ name, fingerprint, notAfter, constraints }: Authority) {
  return {
    authority: name,
    fingerprint,
    domains: constraints?.domains ?? [],
    networks: constraints?.networks ?? [],
    isConstrained: constraints !== undefined,
    expires: timestamp(notAfter),
  };
}

/** What the change means for clients depends on what hangs on the authority before. */
async function noteReplaced({ output, tls, clock }: CommandContext): Promise<void> {
  const { findTrustedAuthorities } = await import('@portolan/tls');
  const { retired = [] } =
    (await findTrustedAuthorities({ directories: tls.directories, clock })) ?? {};
  if (retired.length === 0) return;
  const hanging = retired.flatMap(({ certificates }) => certificates);
  output.note(
    hanging.length === 0
      ? 'No certificate of this server hangs on the authority before, so clients are given this one alone.'
      : `Certificates of the authority before go on to hold, and clients are given both as long as one of this server hangs on it: ${hanging.join(', ')}. Once they trust this one, \`portolan ca renew --force\` issues all anew; then reload the proxy in front, if there is one.`,
  );
  output.note(
    'Servers elsewhere, with certificates of `portolan ca issue --out`, do not count: `portolan ca bundle --with-retired` is for their clients.',
  );
}

/** Without this the first sign would be a renewal that fails, two months on. */
async function noteUnrenewable(context: CommandContext, authority: Authority): Promise<void> {
  const { output, tls, clock } = context;
  const { findUnrenewable } = await import('@portolan/tls');
  const found = await findUnrenewable(authority, tls.directories.certificates, clock());
  if (found === undefined) return;
  const { files, names, options } = found;
  output.note(
    `warning: it may not issue for ${names.join(', ')}, so ${files.join(', ')} can no longer be renewed. For these names as well: \`portolan ca init --force-new ${options}\``,
  );
}

export function registerCaInit(ca: Command, context: CommandContext): void {
  ca.command('init')
    .description('Make the authority; what it may issue for is in its certificate')
    .option('--name <domain>', 'a domain, with all that is below it; repeatable', collectText)
    .option('--ip <address>', 'an address or network; repeatable', collectText)
    .option(
      '--impersonate <registry>',
      'also stand for this registry, such as docker.io; repeatable',
      collectText,
    )
    .option('--force-new', 'replace the authority that there is')
    .addHelpText(
      'after',
      '\nWithout --name and --ip it is made for the host of `public_url`. Only --impersonate lets it\nissue for the names of other registries, and whoever trusts it then trusts it for those.',
    )
    .action(async (options: InitOptions) => {
      const { createAuthority } = await import('@portolan/tls');
      const { output, tls, clock } = context;
      const directory = tls.directories.authority;
      const made = await createAuthority({ directory, clock }, requestOf(context, options));
      output.record(authorityRecord(made));
      output.note(
        `It lies in ${directory}; include that in backups. Next: \`portolan ca issue NAME\` for the server, \`portolan ca trust\` for the clients.`,
      );
      await noteReplaced(context);
      await noteUnrenewable(context, made);
    });
}
