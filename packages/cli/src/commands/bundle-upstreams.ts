// The other registries that a bundle is made from, with the logins, certificates and settings that `sync`
// uses for its source.
import type { ExportItem, FailedReference, RequestedRule } from '@portolan/mirror';
import { DomainError } from '@portolan/oci';
import type { Command } from 'commander';
import { arch, platform } from 'node:os';
import type { CommandContext } from './context.ts';
import { readNamedFile } from './named-file.ts';
import { collectText } from './repeated-option.ts';
import type { StoredUpstreams } from './with-upstreams.ts';

export interface UpstreamOptions {
  readonly from?: readonly string[];
  readonly fromRules?: string;
  readonly creds?: string;
  readonly authfile?: string;
  readonly certDir?: string;
  readonly tlsVerify?: boolean;
}

export interface FoundItems {
  readonly items: readonly ExportItem[];
  readonly failed: readonly FailedReference[];
}

export function addUpstreamOptions(command: Command): Command {
  return command
    .option('--from <image>', 'take this from its own registry; may be repeated', collectText)
    .option('--from-rules <file>', 'take what a file of `portolan mirror apply` names')
    .option('--creds <username:password>', 'credentials for the other registry, if it is one')
    .option('--authfile <file>', 'auth.json for those without stored credentials')
    .option('--cert-dir <directory>', 'certificates (*.crt) for them')
    .option('--tls-verify', 'want valid certificates, also of this machine')
    .option('--no-tls-verify', 'take any certificate, and plain HTTP');
}

/** What is asked of an upstream here, `sync` asks of its source. */
async function openRegistries(
  context: CommandContext,
  options: UpstreamOptions,
  stored: StoredUpstreams | undefined,
) {
  const { openPlaces } = await import('./sync.ts');
  const { readSyncRequest } = await import('./sync-request.ts');
  const { creds, authfile, certDir, tlsVerify } = options;
  const asked = {
    src: 'docker',
    dest: 'docker',
    all: true,
    ...(creds === undefined ? {} : { srcCreds: creds }),
    ...(authfile === undefined ? {} : { authfile }),
    ...(certDir === undefined ? {} : { srcCertDir: certDir }),
    ...(tlsVerify === undefined ? {} : { srcTlsVerify: tlsVerify }),
  };
  const machine = { os: platform(), architecture: arch() };
  const request = readSyncRequest(asked, ['docker.io/library/none', 'localhost'], machine);
  return openPlaces(request, context, stored);
}

/** One password for all of them would tell each registry what opens another. */
function refuseSharedLogin(rules: readonly RequestedRule[], creds: string | undefined): void {
  const hosts = new Set(rules.map(({ upstream }) => upstream.host));
  if (creds === undefined || hosts.size <= 1) return;
  throw new DomainError('request-invalid', '--creds would go to several registries', {
    registries: [...hosts].sort().join(', '),
    hint: 'export from one registry at a time, or give the logins with --authfile or `portolan upstream set`',
  });
}

export interface UpstreamWork<T> {
  readonly stored: StoredUpstreams | undefined;
  readonly signal: AbortSignal;
  readonly work: (found: FoundItems) => Promise<T>;
}

/** Finds what is meant, runs `work` on it, and closes the connections. */
export async function withUpstreamItems<T>(
  context: CommandContext,
  options: UpstreamOptions,
  { stored, signal, work }: UpstreamWork<T>,
): Promise<T> {
  const { parseRulesFile, rulesOfNames, upstreamItems } = await import('@portolan/mirror');
  const { from = [], fromRules } = options;
  const fromFile = fromRules === undefined ? [] : parseRulesFile(await readNamedFile(fromRules));
  const rules = [...rulesOfNames(from), ...fromFile];
  refuseSharedLogin(rules, options.creds);
  const places = await openRegistries(context, options, stored);
  try {
    const openUpstream = (upstream: Parameters<typeof places.openUpstream>[0]) =>
      places.openUpstream(upstream, undefined);
    return await work(await upstreamItems(rules, { openUpstream, signal }));
  } finally {
    await places.close();
  }
}
