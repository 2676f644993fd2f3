// What an engine is given: whole files, or what is to be merged into a file that holds other things,
// and what a person has to know and do.
import type { UpstreamHost } from '@portolan/oci';
import type { EngineVersion } from '../engine-version.ts';
import type { RegistryAddress } from '../registry-address.ts';

export interface ConfigRequest {
  readonly registry: RegistryAddress;
  /** Undefined is every registry there is, for engines that have a word for that. */
  readonly upstreams: readonly UpstreamHost[] | undefined;
  /** The registries that are known to be mirrored, for engines that have none. */
  readonly knownUpstreams: readonly UpstreamHost[];
  /** Undefined: fail-closed where the engine can. */
  readonly fails: 'open' | 'closed' | undefined;
  /** The certificate in PEM that engines shall trust; undefined is what the system trusts. */
  readonly ca: string | undefined;
  readonly version: EngineVersion | undefined;
  /** Of the CONNECT listener; undefined is port 3128 of the registry. */
  readonly proxy: string | undefined;
  /** The systemd unit that gets the proxy. */
  readonly unit: string | undefined;
}

export interface ConfigFile {
  /** Absolute, on the engine's machine. */
  readonly path: string;
  /** The file as it is where there was none. */
  readonly text: string;
  /**
   * For a file that holds other people's settings too: what it becomes.
   * @throws DomainError `request-invalid` when it cannot be read
   */
  readonly merge?: (existing: string) => string;
}

/** What is on the engine's machine already. */
export interface FoundPlace {
  /** Absolute, on that machine. */
  readonly path: string;
  /** Undefined for a directory. */
  readonly text: string | undefined;
}

/** What the engine reads beside our files, and by which it may do otherwise than they say. */
export interface Surroundings {
  /** Paths in which `*` is any name. */
  readonly patterns: readonly string[];
  /** Files of ours that have to change too, and what others wrote that breaks the promise. */
  judge(found: readonly FoundPlace[]): {
    readonly files: readonly ConfigFile[];
    readonly warnings: readonly string[];
  };
}

export interface ClientConfig {
  readonly files: readonly ConfigFile[];
  /** None where our files decide alone. */
  readonly surroundings?: Surroundings | undefined;
  /** Commands that make the engine read them; none when it does by itself. */
  readonly reload: readonly string[];
  /** What else has to be done, and what cannot be. */
  readonly notes: readonly string[];
}

/** For engines that can name only one registry at a time. */
export function namedUpstreams(request: ConfigRequest): readonly UpstreamHost[] {
  return request.upstreams ?? request.knownUpstreams;
}

/** None without an own authority. */
export function certificateFiles(
  { ca }: ConfigRequest,
  ...paths: readonly string[]
): readonly ConfigFile[] {
  return ca === undefined ? [] : paths.map((path) => ({ path, text: ca }));
}
