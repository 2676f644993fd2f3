// What a `sync` command line means: one of skopeo's two spellings, read and checked before anything
// is asked of anybody.
import {
  parseDuration,
  parseUpstreamName,
  type Platform,
  type SyncFormat,
  type UpstreamCredentials,
} from '@portolan/mirror';
import { DomainError } from '@portolan/oci';
import { resolve } from 'node:path';
import { REFUSED_OPTIONS, type SyncCommandOptions } from './sync-options.ts';

export type Side = 'src' | 'dest';

/** How one side wants its registries to be talked to. */
export interface SideAccess {
  readonly credentials: UpstreamCredentials | undefined;
  readonly isAnonymous: boolean;
  readonly authFile: string | undefined;
  readonly certDirectory: string | undefined;
  /** Undefined: as is the custom for the host. */
  readonly verifiesTls: boolean | undefined;
}

export interface SyncRequest {
  readonly source: { readonly kind: 'docker' | 'dir' | 'yaml'; readonly text: string };
  readonly destination:
    | { readonly kind: 'docker'; readonly prefix: string }
    | { readonly kind: 'dir'; readonly root: string };
  readonly access: Readonly<Record<Side, SideAccess>>;
  readonly isScoped: boolean;
  readonly suffix: string;
  /** Undefined takes an index with all that it has. */
  readonly platform: Platform | undefined;
  readonly format: SyncFormat | undefined;
  readonly keepsGoing: boolean;
  readonly isDryRun: boolean;
  readonly retryTimes: number;
  readonly retryDelayMs: number | undefined;
  readonly timeoutMs: number | undefined;
  readonly digestFile: string | undefined;
  /** Hosts beside their own that registries may send us to. */
  readonly allowedHosts: readonly string[];
}

export interface Machine {
  readonly os: string;
  readonly architecture: string;
}

function usage(message: string): never {
  throw new DomainError('request-invalid', message, { hint: 'see `portolan sync --help`' });
}

/** Options of one name for each side. */
function valueOf(options: SyncCommandOptions, key: string): unknown {
  return (options as Readonly<Record<string, unknown>>)[key];
}

function text(options: SyncCommandOptions, key: string): string | undefined {
  const value = valueOf(options, key);
  return typeof value === 'string' ? value : undefined;
}

function refuseUnsupported(options: SyncCommandOptions): void {
  for (const [name, reason] of Object.entries(REFUSED_OPTIONS)) {
    const key = name.replaceAll(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
    if (valueOf(options, key) !== undefined) usage(`--${name}: ${reason}`);
  }
}

function basicOf(creds: string): UpstreamCredentials {
  const colon = creds.indexOf(':');
  const username = colon === -1 ? creds : creds.slice(0, colon);
  if (username === '') usage('credentials have no user name');
  return { kind: 'basic', username, password: colon === -1 ? '' : creds.slice(colon + 1) };
}

function readCredentials(options: SyncCommandOptions, side: Side) {
  const creds = text(options, `${side}Creds`);
  const username = text(options, `${side}Username`);
  const password = text(options, `${side}Password`);
  const token = text(options, `${side}RegistryToken`);
  if ((username === undefined) !== (password === undefined)) {
    usage(`--${side}-username and --${side}-password belong together`);
  }
  const given: UpstreamCredentials[] = [
    ...(creds === undefined ? [] : [basicOf(creds)]),
    ...(username === undefined || password === undefined
      ? []
      : [{ kind: 'basic', username, password } as const]),
    ...(token === undefined ? [] : [{ kind: 'registry-token', token } as const]),
  ];
  const isAnonymous = valueOf(options, `${side}NoCreds`) === true;
  if (given.length + (isAnonymous ? 1 : 0) > 1) {
    usage(`several credentials for the ${side === 'src' ? 'source' : 'destination'}: give one`);
  }
  return { credentials: given[0], isAnonymous };
}

function readAccess(options: SyncCommandOptions, side: Side): SideAccess {
  const own = valueOf(options, `${side}TlsVerify`);
  return {
    ...readCredentials(options, side),
    authFile: text(options, `${side}Authfile`) ?? options.authfile,
    certDirectory: text(options, `${side}CertDir`),
    verifiesTls: typeof own === 'boolean' ? own : options.tlsVerify,
  };
}

type Ends = Pick<SyncRequest, 'source' | 'destination'>;

function dockerPrefix(given: string): SyncRequest['destination'] {
  const prefix = given.replace(/\/+$/, '');
  // Whatever name comes behind it must make a name.
  parseUpstreamName(`${prefix}/name`);
  return { kind: 'docker', prefix };
}

function stripTransport(given: string, what: string): { kind: 'docker' | 'dir'; text: string } {
  if (given.startsWith('docker://')) return { kind: 'docker', text: given.slice(9) };
  if (given.startsWith('dir:')) return { kind: 'dir', text: given.slice(4) };
  return usage(`${what} begins neither with docker:// nor with dir:`);
}

/** `--source docker://docker.io/busybox:musl docker://registry.lan`, as the seed of skopeo sync was. */
function readSeedEnds(options: SyncCommandOptions, args: readonly string[]): Ends {
  const [destination, ...more] = args;
  if (destination === undefined || more.length > 0) usage('give one DESTINATION');
  if (options.src !== undefined || options.dest !== undefined) {
    usage('--source and --source-file go with neither --src nor --dest');
  }
  if (options.source !== undefined && options.sourceFile !== undefined) {
    usage('give one of --source and --source-file');
  }
  const source =
    options.sourceFile === undefined
      ? stripTransport(options.source ?? '', '--source')
      : ({ kind: 'yaml', text: options.sourceFile } as const);
  const to = stripTransport(destination, 'DESTINATION');
  return {
    source,
    destination: to.kind === 'docker' ? dockerPrefix(to.text) : dirRoot(to.text),
  };
}

function dirRoot(given: string): SyncRequest['destination'] {
  if (given === '') usage('the directory has no name');
  return { kind: 'dir', root: resolve(given) };
}

function readEnds(options: SyncCommandOptions, args: readonly string[]): Ends {
  const { src, dest } = options;
  const [from, to, ...more] = args;
  if (src === undefined || dest === undefined) usage('--src and --dest name the transports');
  if (from === undefined || to === undefined || more.length > 0) {
    usage('give one SOURCE and one DESTINATION');
  }
  if (src !== 'docker' && src !== 'dir' && src !== 'yaml') {
    usage(`--src is docker, dir or yaml, not '${src}'`);
  }
  if (dest !== 'docker' && dest !== 'dir') usage(`--dest is docker or dir, not '${dest}'`);
  return {
    source: { kind: src, text: from },
    destination: dest === 'docker' ? dockerPrefix(to) : dirRoot(to),
  };
}

function readFormat(format: string | undefined): SyncFormat | undefined {
  if (format === undefined || format === 'oci' || format === 'v2s2') return format;
  if (format === 'v2s1') usage("--format v2s1: Docker's schema 1 is not supported");
  return usage(`--format is oci or v2s2, not '${format}'`);
}

function readDuration(name: string, given: string | undefined): number | undefined {
  if (given === undefined || given === '0') return undefined;
  return parseDuration(given) ?? usage(`${name} is a duration such as 30s or 5m, not '${given}'`);
}

function readCount(given: string): number {
  return /^\d{1,4}$/.test(given) ? Number(given) : usage(`--retry-times is no count: '${given}'`);
}

function readPlatform(options: SyncCommandOptions, machine: Machine): Platform | undefined {
  if (options.all === true) return undefined;
  return {
    os: text(options, 'overrideOs') ?? machine.os,
    architecture: text(options, 'overrideArch') ?? machine.architecture,
    variant: text(options, 'overrideVariant'),
  };
}

/** @throws DomainError `request-invalid` for a command line that makes no sense */
export function readSyncRequest(
  options: SyncCommandOptions,
  args: readonly string[],
  machine: Machine,
): SyncRequest {
  refuseUnsupported(options);
  const isSeed = options.source !== undefined || options.sourceFile !== undefined;
  const ends = isSeed ? readSeedEnds(options, args) : readEnds(options, args);
  if (ends.source.kind === 'dir' && ends.destination.kind === 'dir') {
    usage('from dir to dir nothing is gained: copy the directory');
  }
  if (options.preserveDigests === false) {
    usage('--preserve-digests=false: manifests are copied byte for byte');
  }
  return {
    ...ends,
    access: { src: readAccess(options, 'src'), dest: readAccess(options, 'dest') },
    // The seed always kept the registry in the name.
    isScoped: options.scoped ?? isSeed,
    suffix: options.appendSuffix ?? '',
    platform: readPlatform(options, machine),
    format: readFormat(options.format),
    keepsGoing: options.keepGoing === true,
    isDryRun: options.dryRun === true,
    retryTimes: readCount(options.retryTimes ?? '0'),
    retryDelayMs: readDuration('--retry-delay', options.retryDelay),
    timeoutMs: readDuration('--command-timeout', text(options, 'commandTimeout')),
    digestFile: options.digestfile,
    allowedHosts: options.allowHost ?? [],
  };
}
