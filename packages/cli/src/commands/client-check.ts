// `portolan client check`: what each engine would ask for an image, and what it would get.
import {
  CHECKED_ENGINES,
  type CheckedEngine,
  isRegistryItself,
  isVirtualHost,
  type LoginPlace,
  ownNameShapes,
  parseEngineVersion,
  planRequests,
  proxyAddress,
  type RequestShape,
  shapesOf,
  type WantedImage,
} from '@portolan/clients';
import { Tag, UpstreamHost } from '@portolan/oci';
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { EngineProbe, ProbeDeps } from '../clients/engine-probe.ts';
import type { JudgedProbe } from '../clients/probe-verdict.ts';
import type { SendRequest } from '../clients/registry-connection.ts';
import type { PlaceOptions } from '../clients/registry-place.ts';
import type { RegistryLogin } from '../connection/registry-login.ts';
import { findContainerFiles } from '../config/container-files.ts';
import { EXIT } from '../terminal/exit-codes.ts';
import { CommandFailure } from '../terminal/explain-failure.ts';
import { formatChecked } from './client-check-report.ts';
import type { CommandContext } from './context.ts';
import { readAuthFiles } from './registry-logins.ts';

interface CheckOptions extends PlaceOptions {
  readonly engine: readonly CheckedEngine[];
  readonly engineVersion?: string;
  readonly failOpen?: true;
  readonly proxy?: string;
}

/** All but the one whose listener is off unless somebody turned it on. */
const USUAL = CHECKED_ENGINES.filter((engine) => engine !== 'proxy');

const HELP = `
Engines: ${CHECKED_ENGINES.join(', ')}. \`any\` is an image typed with the registry's own name,
\`proxy\` what comes through the CONNECT listener, under the upstream's own name and by TLS; all
but \`proxy\` are asked about unless told.
A row whose shape cannot be used for the image counts only when it is all that the engine has.
The login for the registry in your auth.json is used where the engine would send it.`;

function readEngines(text: string): readonly CheckedEngine[] {
  return text.split(',').map((one) => {
    const found = CHECKED_ENGINES.find((engine) => engine === one.trim());
    if (found !== undefined) return found;
    throw new InvalidArgumentError(`engines are ${CHECKED_ENGINES.join(', ')}`);
  });
}

async function openLogins({ environment }: CommandContext): Promise<CheckDeps['findLogin']> {
  const { findEngineLogin } = await import('../clients/engine-login.ts');
  const { authFiles, isAuthFileNamed } = findContainerFiles(environment, process.getuid?.());
  const files = await readAuthFiles(authFiles, isAuthFileNamed);
  return (place) => findEngineLogin(files, place);
}

async function readImage(text: string): Promise<WantedImage> {
  const { parseUpstreamName } = await import('@portolan/mirror');
  const { host: canonical, path, reference } = parseUpstreamName(text);
  const host = UpstreamHost.find(canonical) ?? UpstreamHost.DOCKER_HUB;
  return { host, path, reference: reference ?? { kind: 'tag', tag: Tag.parse('latest') } };
}

interface CheckedShape {
  readonly engine: CheckedEngine;
  readonly shape: RequestShape;
  readonly probe: EngineProbe;
  readonly judged: JudgedProbe;
  /** Undefined where the engine asks without one. */
  readonly proxy: string | undefined;
}

interface CheckDeps extends Omit<ProbeDeps, 'login'> {
  readonly findLogin: (place: LoginPlace) => Promise<RegistryLogin | undefined>;
  readonly failsOpen: boolean;
  readonly proxy: { readonly address: string; readonly send: SendRequest };
}

const NOT_ASKED: EngineProbe = {
  exchanges: [],
  token: undefined,
  last: undefined,
  failure: undefined,
};

async function checkShape(
  { engine, shape }: Pick<CheckedShape, 'engine' | 'shape'>,
  image: WantedImage,
  deps: CheckDeps,
): Promise<CheckedShape> {
  const { probeEngine } = await import('../clients/engine-probe.ts');
  const { judgeProbe } = await import('../clients/probe-verdict.ts');
  const plan = planRequests(shape, deps.registry, image);
  const proxy = shape.host === 'upstream' ? deps.proxy : undefined;
  if ('reason' in plan) {
    const judged = { verdict: 'not possible', reason: plan.reason, digest: undefined } as const;
    return { engine, shape, probe: NOT_ASKED, judged, proxy: undefined };
  }
  const login = plan.login === undefined ? undefined : await deps.findLogin(plan.login);
  const { registry, send, failsOpen } = deps;
  const probe = await probeEngine(plan, { registry, send: proxy?.send ?? send, login });
  const judged = judgeProbe(shape, probe, failsOpen);
  return { engine, shape, probe, judged, proxy: proxy?.address };
}

/** The keys are the same in every row, for programs. */
function row({ engine, shape, probe, judged, proxy }: CheckedShape) {
  const { exchanges, token, last } = probe;
  const request = exchanges.findLast(({ url }) => url.includes('/manifests/')) ?? exchanges.at(-1);
  return {
    engine,
    shape: shape.name,
    proxy: proxy ?? null,
    request: request === undefined ? null : `${request.method} ${request.url}`,
    status: last?.status ?? null,
    granted: token?.granted ?? [],
    digest: judged.digest ?? null,
    namespace: last?.headers.get('oci-namespace') ?? null,
    verdict: judged.verdict,
    reason: judged.reason ?? null,
    requests: exchanges,
  };
}

const COLUMNS = [
  'engine',
  'shape',
  'request',
  'status',
  'granted',
  'digest',
  'namespace',
  'verdict',
  'reason',
];

/** Every shape that can be used gets the image, and there is one. */
function getsImage(shapes: readonly CheckedShape[]): boolean {
  const usable = shapes.filter(({ judged }) => judged.verdict !== 'not possible');
  return usable.length > 0 && usable.every(({ judged }) => judged.verdict === 'ok');
}

async function openDeps(options: CheckOptions, context: CommandContext): Promise<CheckDeps> {
  const { findRegistryPlace } = await import('../clients/registry-place.ts');
  const { createRegistryConnection } = await import('../clients/registry-connection.ts');
  const { createEngineProxy } = await import('../clients/engine-proxy.ts');
  const { registry, trusted: ca } = await findRegistryPlace(context, options);
  const address = proxyAddress({ registry, proxy: options.proxy });
  const findTunnel = createEngineProxy({ registry, address });
  return {
    registry,
    send: createRegistryConnection({ registry, ca }),
    findLogin: await openLogins(context),
    failsOpen: options.failOpen === true,
    proxy: { address, send: createRegistryConnection({ registry, ca, findTunnel }) },
  };
}

async function check(text: string, options: CheckOptions, context: CommandContext): Promise<void> {
  const { engine: engines, engineVersion } = options;
  const image = await readImage(text);
  const version = engineVersion === undefined ? undefined : parseEngineVersion(engineVersion);
  const deps = await openDeps(options, context);
  const { registry } = deps;
  const isOwn = isRegistryItself(registry, image.host) || isVirtualHost(registry, image.host);
  const checked: CheckedShape[] = [];
  for (const engine of engines) {
    const shapes = shapesOf(engine, version);
    for (const shape of isOwn ? ownNameShapes(shapes) : shapes) {
      checked.push(await checkShape({ engine, shape }, image, deps));
    }
  }
  const rows = checked.map(row);
  context.output.rows(rows, COLUMNS, (width) => formatChecked(rows, width));
  const without = engines.filter(
    (engine) => !getsImage(checked.filter((one) => one.engine === engine)),
  );
  if (without.length === 0) return;
  const message = `not every engine would get the image: ${without.join(', ')}`;
  throw new CommandFailure(message, EXIT.failed);
}

export function registerClientCheck(client: Command, context: CommandContext): void {
  client
    .command('check <image>')
    .description('Show what each engine would ask for an image, and what it would get')
    .option('--registry <url>', 'where engines reach the registry (public_url)')
    .addOption(
      new Option('--engine <engines>', 'which engines, with commas between them')
        .argParser(readEngines)
        .default(USUAL, 'all but proxy'),
    )
    .option('--ca <file>', 'the certificate to trust (<data-dir>/ca/ca.crt)')
    .option('--engine-version <version>', 'only the shapes of this version')
    .option('--proxy <url>', 'of the CONNECT listener (port 3128 of the registry); for `proxy`')
    .option('--fail-open', 'judge engines as those that were configured with --fail-open')
    .addHelpText('after', HELP)
    .action((text: string, options: CheckOptions) => check(text, options, context));
}
