// What every command gets: the settings, the stores, and where its answer goes.
import type { EgressPolicy } from '@portolan/mirror';
import type { Storage } from '@portolan/storage';
import type { Environment } from '../config/environment.ts';
import type { SettingsSources } from '../config/given-settings.ts';
import type { ListenAddress } from '../config/listen-address.ts';
import type { TlsSettings } from '../config/tls-settings.ts';
import type { LiveStream } from '../terminal/live-lines.ts';
import type { Output } from '../terminal/output.ts';

export interface CommandContext {
  /** `cli:<name of the operating system's user>`, for the audit log. */
  readonly actor: string;
  readonly output: Output;
  /** Where lines may live; undefined when nobody watches, or JSON is wanted. */
  readonly terminal: LiveStream | undefined;
  readonly clock: () => number;
  readonly randomId: () => string;
  /** Where the mirror may connect to. */
  readonly egress: EgressPolicy;
  /** Where clients reach the server, if that is set. */
  readonly publicUrl: string | undefined;
  /** Where the server listens. */
  readonly listen: readonly ListenAddress[];
  /** Where certificates lie. */
  readonly tls: TlsSettings;
  /** What the settings are read from. */
  readonly sources: SettingsSources;
  /** For options that name a variable. */
  readonly environment: Environment;
  /** All of stdin, for `--password-stdin`. */
  readStdin(): Promise<string>;
  /** Asks the person at the terminal, and shows nothing of the answer. Undefined when nobody is there. */
  askSecret(question: string): Promise<string | undefined>;
  /** Whether there is a data directory; one that may not be read is a failure. */
  hasStorage(): boolean;
  /** Opens the data directory, runs `work`, closes it. Works beside a running server. */
  withStorage<T>(work: (storage: Storage) => Promise<T>): Promise<T>;
}
