// `portolan client config`: the files that make an engine pull from here, printed or installed.
import {
  type ClientConfig,
  CONFIG_ENGINES,
  type ConfigEngine,
  type ConfigRequest,
  hostNameOf,
  parseEngineVersion,
  configOf,
} from '@portolan/clients';
import { DomainError, UpstreamHost } from '@portolan/oci';
import { Argument, type Command, Option } from 'commander';
import { asRefusedInstall } from '../clients/refused-install.ts';
import type { PlaceOptions } from '../clients/registry-place.ts';
import type { CommandContext } from './context.ts';
import type { GlobalOptions } from './global-options.ts';

interface ConfigOptions extends PlaceOptions, GlobalOptions {
  readonly ns?: string;
  readonly failOpen?: true;
  readonly failClosed?: true;
  readonly install?: string;
  readonly tar?: true;
  readonly engineVersion?: string;
  readonly proxy?: string;
  readonly unit?: string;
}

const HELP = `
Engines:
  containerd  also ctr, nerdctl and Kubernetes on containerd
  docker      before version 29 for docker.io alone; --engine-version 29 for every registry
  podman      also buildah and skopeo
  proxy       any engine, as a systemd drop-in, through the server's CONNECT listener
Without --ns containerd, docker 29 and k3s are configured for every registry, the others for the
registries that the data directory has namespaces of, or for docker.io where there is none.
Fail-closed is the default where the engine can: what is not here is refused, and no upstream is asked.`;

function readUpstream(text: string): UpstreamHost {
  const host = UpstreamHost.find(text) ?? UpstreamHost.ofNamespace(text);
  if (host !== undefined && UpstreamHost.isHostLike(host)) return host;
  throw new DomainError('request-invalid', `${text} is no registry`, {
    hint: 'use hosts such as docker.io,quay.io,host:5000',
  });
}

function readUpstreams(text: string | undefined): readonly UpstreamHost[] | undefined {
  if (text === undefined) return undefined;
  return [...new Set(text.split(',').map((one) => readUpstream(one.trim())))];
}

function readFails({ failOpen, failClosed }: ConfigOptions): ConfigRequest['fails'] {
  if (failOpen === true) return 'open';
  return failClosed === true ? 'closed' : undefined;
}

async function readRequest(
  context: CommandContext,
  options: ConfigOptions,
): Promise<ConfigRequest> {
  const { findRegistryPlace } = await import('../clients/registry-place.ts');
  const upstreams = readUpstreams(options.ns);
  const { registry, ca, mirrored = [] } = await findRegistryPlace(context, options);
  const { engineVersion } = options;
  return {
    registry,
    upstreams,
    knownUpstreams: mirrored.length === 0 ? [UpstreamHost.DOCKER_HUB] : mirrored,
    fails: readFails(options),
    ca: registry.isPlain ? undefined : ca,
    version: engineVersion === undefined ? undefined : parseEngineVersion(engineVersion),
    proxy: options.proxy,
    unit: options.unit,
  };
}

/** An engine that does not trust the registry says so later, and not why. */
function withTrustNote(config: ClientConfig, { registry, ca }: ConfigRequest): ClientConfig {
  if (registry.isPlain || ca !== undefined) return config;
  const trust = [
    `No authority is known here, so no certificate is among the files: engines trust ${registry.host} as far as their system does.`,
    `Give the certificate with --ca FILE. The server has its own at http://${hostNameOf(registry)}/ca.crt: compare it with the fingerprint that \`portolan ca show\` prints there.`,
  ];
  return { ...config, notes: [...config.notes, ...trust] };
}

function noteAll({ output }: CommandContext, notes: readonly string[]): void {
  for (const note of notes) output.note(note);
}

function noteSurroundings(
  { output }: CommandContext,
  surroundings: ClientConfig['surroundings'],
): void {
  if (surroundings === undefined) return;
  output.note('What else is configured there may stand against it: --install looks, and tells.');
}

function print(
  context: CommandContext,
  { files, surroundings, reload, notes }: ClientConfig,
  format: GlobalOptions['output'],
): void {
  const { output } = context;
  if (format === 'json') {
    output.record({ files: files.map(({ path, text }) => ({ path, text })), reload, notes });
    return;
  }
  output.text(files.map(({ path, text }) => `==> ${path} <==\n${text}`).join('\n'));
  for (const file of files) {
    if (file.merge !== undefined) output.note(`Merge ${file.path} into one that is there.`);
  }
  noteSurroundings(context, surroundings);
  noteAll(context, notes);
  if (reload.length > 0) output.note(`Then: ${reload.join(' && ')}`);
}

async function archive(
  context: CommandContext,
  { files, surroundings, reload, notes }: ClientConfig,
): Promise<void> {
  const { archiveFiles } = await import('../clients/file-archive.ts');
  const { output, clock } = context;
  output.bytes(await archiveFiles(files, clock()));
  for (const { path, merge } of files) {
    if (merge !== undefined) output.note(`Where ${path} is there already, merge this one by hand.`);
  }
  noteSurroundings(context, surroundings);
  noteAll(context, notes);
  if (reload.length > 0) output.note(`Unpack it, then: ${reload.join(' && ')}`);
}

async function install(
  context: CommandContext,
  config: ClientConfig,
  { install: directory = '/', output: format }: ConfigOptions,
): Promise<void> {
  const { installConfig } = await import('../clients/install-config.ts');
  const { output, clock } = context;
  const { reload, notes } = config;
  const now = clock();
  const { files, warnings } = await installConfig(config, { directory, now }).catch(
    (error: unknown) => {
      throw asRefusedInstall(error, directory);
    },
  );
  const isChanged = files.some(({ action }) => action !== 'unchanged');
  if (format === 'json') {
    output.record({ files, reload: isChanged ? reload : [], notes, warnings });
    return;
  }
  output.rows(
    files.map((file) => ({ ...file })),
    ['action', 'path', 'backup'],
  );
  noteAll(context, notes);
  for (const warning of warnings) output.note(`warning: ${warning}`);
  if (isChanged && reload.length > 0) output.note(`Now: ${reload.join(' && ')}`);
}

export function registerClientConfig(client: Command, context: CommandContext): void {
  const command = client
    .command('config')
    .description('Print or install the files that make an engine pull from here')
    .addArgument(new Argument('<engine>', 'which engine').choices(CONFIG_ENGINES))
    .option('--registry <url>', 'where engines reach the registry (public_url)')
    .option('--ns <hosts>', 'the registries that shall come from here: docker.io,quay.io')
    .addOption(new Option('--fail-closed', 'what is not here is refused').conflicts('failOpen'))
    .option('--fail-open', 'what is not here comes from the upstream')
    .option('--ca <file>', 'the certificate that engines shall trust (<data-dir>/ca/ca.crt)')
    .option('--install <directory>', 'write the files below this directory; / is this machine')
    .addOption(new Option('--tar', 'the files as a tar, for root to unpack').conflicts('install'))
    .option('--engine-version <version>', 'of the engine, where it matters')
    .option('--proxy <url>', 'of the CONNECT listener (port 3128 of the registry); for `proxy`')
    .option('--unit <name>', 'the systemd unit that gets the proxy (docker.service); for `proxy`')
    .addHelpText('after', HELP);
  command.action(async (engine: ConfigEngine) => {
    const options = command.optsWithGlobals<ConfigOptions>();
    const request = await readRequest(context, options);
    const config = withTrustNote(configOf(engine, request), request);
    if (options.tar === true) await archive(context, config);
    else if (options.install === undefined) print(context, config, options.output);
    else await install(context, config, options);
  });
}
