// What the registry is made from. Everything with a side effect comes in here, so that tests can
// hold time, randomness and the network still.
import type {
  Clock,
  ContentStores,
  Generations,
  RandomId,
  StampStore,
  ViewStore,
} from '@portolan/storage';
import type { Logger } from 'pino';
import type { KeySet } from './access/key-set.ts';
import type { Correlate, ObserveRequest, ObserveRoute, SourceOf } from './http/observation.ts';

export interface RegistryLimits {
  /** A larger manifest is refused with 413. */
  readonly maxManifestBytes: number;
  /** Tags in the `tag` parameters of one manifest push. */
  readonly maxTagsPerPush: number;
  /** Names on one page; a larger `n` is clamped to it. */
  readonly maxPageSize: number;
  /** A page of referrers ends before this size, since clients cap what they read. */
  readonly maxReferrersBytes: number;
  /** A request body must bring `minBodyBytesPerSecond` on average over each such window. */
  readonly bodyWindowMs: number;
  readonly minBodyBytesPerSecond: number;
  /** A response whose client takes nothing for so long is cut. */
  readonly responseStallMs: number;
  /** After an early refusal, the rest of the body is read and thrown away up to here. */
  readonly lingerMs: number;
  readonly lingerBytes: number;
  /** Text of the verified tokens that are remembered; in memory each takes some four times that. */
  readonly maxCachedTokenBytes: number;
  /** How long after its issue an expired token may still finish an upload. */
  readonly uploadGraceMs: number;
  /** Whether each request is logged at `info`; otherwise at `debug`. */
  readonly accessLog: boolean;
}

const MIB = 1024 * 1024;

export const DEFAULT_LIMITS: RegistryLimits = {
  maxManifestBytes: 4 * MIB,
  maxTagsPerPush: 100,
  maxPageSize: 1000,
  maxReferrersBytes: 4 * MIB,
  bodyWindowMs: 30_000,
  minBodyBytesPerSecond: 1024,
  responseStallMs: 60_000,
  lingerMs: 5000,
  lingerBytes: 8 * MIB,
  maxCachedTokenBytes: 16 * MIB,
  uploadGraceMs: 24 * 60 * 60 * 1000,
  accessLog: false,
};

export interface RegistryDeps {
  readonly content: ContentStores;
  /** Undefined with a token service of somebody else's: stamps in tokens are then ignored. */
  readonly stamps: StampStore | undefined;
  readonly generations: Generations;
  readonly keySet: KeySet;
  /** The `iss` that tokens must have, exactly. */
  readonly issuer: string;
  /** The `aud` that tokens must have among theirs. */
  readonly service: string;
  /** Absolute URL of the token endpoint, for the challenge. */
  readonly realm: string;
  /** Where clients reach this registry; virtual hosts are one label before its host. */
  readonly publicUrl: string;
  /** The mirrored registries that can be seen under their own names. */
  readonly views: ViewStore;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly randomId: RandomId;
  readonly limits: RegistryLimits;
  readonly observe?: ObserveRequest;
  readonly observeRoute?: ObserveRoute;
  readonly correlate?: Correlate;
  readonly sourceOf?: SourceOf;
}
