// `portolan upstream`: the registries that the mirror copies from, and how they are reached.
import type { Upstream, UpstreamChanges, Upstreams } from '@portolan/mirror';
import { DomainError } from '@portolan/oci';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { size } from '../config/setting-kinds.ts';
import type { CommandContext } from './context.ts';
import { readNamedFile } from './named-file.ts';
import { timestamp } from './timestamp.ts';
import {
  addCredentialOptions,
  type CredentialOptions,
  readCredentialChanges,
} from './upstream-credentials.ts';
import { notFound } from './with-accounts.ts';
import { withUpstreams } from './with-upstreams.ts';

/** `false` is what commander makes of `--no-…`. */
interface SetOptions extends CredentialOptions {
  readonly endpoint?: string | false;
  readonly ca?: string | false;
  readonly proxy?: string | false;
  readonly tlsVerify?: boolean;
  readonly requestsPerSecond?: number | false;
  readonly bandwidth?: number | false;
  readonly allowHost?: readonly string[] | false;
}

function quotaOf({ quota }: Upstream) {
  if (quota === undefined) return null;
  const { observedAt } = quota;
  return typeof observedAt === 'number' ? { ...quota, observedAt: timestamp(observedAt) } : quota;
}

function upstreamRow(upstream: Upstream) {
  return {
    host: upstream.host,
    endpoint: upstream.endpoint ?? null,
    // Over plain HTTP there is nothing to verify.
    verifiesTls: upstream.endpoint?.startsWith('http:') === true ? null : upstream.verifiesTls,
    ownCa: upstream.ca !== undefined,
    proxy: upstream.proxy ?? null,
    requestsPerSecond: upstream.requestsPerSecond ?? null,
    bytesPerSecond: upstream.bytesPerSecond ?? null,
    allowedHosts: upstream.allowedHosts,
    credentials: upstream.credentialSource ?? null,
    credentialHelper: upstream.credentialHelper ?? null,
    quota: quotaOf(upstream),
    created: timestamp(upstream.createdAt),
  };
}

const LEAST_BANDWIDTH = 1024;

function parseRate(text: string): number {
  const rate = Number(text);
  if (Number.isFinite(rate) && rate > 0) return rate;
  throw new InvalidArgumentError('It is a number above 0, such as 5 or 0.5.');
}

function parseBandwidth(text: string): number {
  const result = size().safeParse(text.replace(/\/s$/, ''));
  if (result.success && result.data >= LEAST_BANDWIDTH) return result.data;
  throw new InvalidArgumentError('It is bytes a second, 1KiB or more, such as 10MiB or 512KiB.');
}

/** Undefined leaves a setting as it is, null takes it away. */
function change<T>(option: T | false | undefined): T | null | undefined {
  return option === false ? null : option;
}

async function readChanges(
  context: CommandContext,
  host: string,
  options: SetOptions,
): Promise<UpstreamChanges> {
  const { ca } = options;
  const given = {
    endpoint: change(options.endpoint),
    ca: typeof ca === 'string' ? await readNamedFile(ca) : change(ca),
    proxy: change(options.proxy),
    verifiesTls: options.tlsVerify,
    requestsPerSecond: change(options.requestsPerSecond),
    bytesPerSecond: change(options.bandwidth),
    allowedHosts: change(options.allowHost),
    ...(await readCredentialChanges(context, host, options)),
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

/** What a setting is called on the command line, where the mirror knows it by its stored name. */
const OPTIONS: Readonly<Record<string, string>> = {
  endpoint: '--endpoint',
  ca: '--ca',
  proxy: '--proxy',
  requestsPerSecond: '--requests-per-second',
  bytesPerSecond: '--bandwidth',
  allowedHosts: '--allow-host',
};

function inOptions(error: unknown): unknown {
  if (!(error instanceof DomainError)) return error;
  const { setting, ...detail } = error.detail;
  const option = typeof setting === 'string' ? OPTIONS[setting] : undefined;
  if (option === undefined) return error;
  const message = error.message.replace(String(setting), option);
  return new DomainError(error.code, message, detail, { cause: error });
}

async function setUpstream(
  upstreams: Upstreams,
  host: string,
  changes: UpstreamChanges,
  actor: string,
): Promise<Upstream> {
  try {
    return await upstreams.set(host, changes, actor);
  } catch (error) {
    throw inOptions(error);
  }
}

function addConnectionOptions(command: Command): Command {
  return command
    .option('--endpoint <url>', 'where the registry really is, when not at https://HOST')
    .option('--no-endpoint', 'at https://HOST again')
    .option('--ca <file>', 'PEM file of a certificate authority to trust beside the system’s')
    .option('--no-ca', 'trust the system’s certificate authorities alone again')
    .option('--proxy <url>', 'HTTP proxy to go through')
    .option('--no-proxy', 'go directly again')
    .option('--tls-verify', 'refuse certificates that are not valid (as at first)')
    .option('--no-tls-verify', 'accept any certificate, and plain HTTP')
    .option('--allow-host <host...>', 'other hosts that it may send us to; all of them at once')
    .option('--no-allow-host', 'no other hosts again');
}

function addLimitOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--requests-per-second <number>', 'at most so many requests').argParser(parseRate),
    )
    .option('--no-requests-per-second', 'as many requests as it takes again')
    .addOption(
      new Option('--bandwidth <size>', 'at most so many bytes a second, such as 10MiB').argParser(
        parseBandwidth,
      ),
    )
    .option('--no-bandwidth', 'as fast as it goes again');
}

function registerSet(upstream: Command, context: CommandContext): void {
  const command = upstream
    .command('set <host>')
    .description('Make a registry known, or change how it is reached; what is not named stays');
  addCredentialOptions(addLimitOptions(addConnectionOptions(command))).action(
    async (host: string, options: SetOptions) => {
      const changes = await readChanges(context, host, options);
      await withUpstreams(context, async (upstreams) => {
        const made = await setUpstream(upstreams, host, changes, context.actor);
        context.output.record(upstreamRow(made));
      });
    },
  );
}

function registerReads(upstream: Command, context: CommandContext): void {
  upstream
    .command('list')
    .description('List the registries that are known')
    .action(() =>
      withUpstreams(context, async (upstreams) => {
        const columns = ['host', 'endpoint', 'verifiesTls', 'proxy', 'credentials', 'quota'];
        context.output.rows((await upstreams.list()).map(upstreamRow), columns);
      }),
    );
  upstream
    .command('show <host>')
    .description('Show how a registry is reached')
    .action((host: string) =>
      withUpstreams(context, async (upstreams) => {
        const found = await upstreams.find(host);
        if (found === undefined) throw notFound('upstream', host);
        context.output.record(upstreamRow(found));
      }),
    );
}

export function registerUpstream(program: Command, context: CommandContext): void {
  const upstream = program
    .command('upstream')
    .description('Manage the registries that the mirror copies from');
  registerSet(upstream, context);
  registerReads(upstream, context);
  upstream
    .command('remove <host>')
    .description('Forget a registry and its credentials, once no mirror rule names it')
    .action((host: string) =>
      withUpstreams(context, async (upstreams) => {
        await upstreams.remove(host, context.actor);
        context.output.done({ host, isRemoved: true }, `Upstream '${host}' is removed.`);
      }),
    );
}
