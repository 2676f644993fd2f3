// The context of the commands. Everything in it is settled when it is first used, since the commands
// are registered before the command line is read.
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { text as readText } from 'node:stream/consumers';
import { loadEgressPolicy } from '../config/egress-settings.ts';
import { readEnvironment } from '../config/environment.ts';
import type { SettingsSources } from '../config/given-settings.ts';
import { settled } from '../config/judged-settings.ts';
import { loadSettingValues } from '../config/setting-values.ts';
import {
  loadStorageSettings,
  storageOptions,
  type StorageSettings,
} from '../config/storage-settings.ts';
import { loadTlsSettings } from '../config/tls-settings.ts';
import { randomId } from '../random-id.ts';
import { systemUser } from '../terminal/access-refusal.ts';
import { askSecret } from '../terminal/ask-secret.ts';
import { EXIT } from '../terminal/exit-codes.ts';
import { CommandFailure } from '../terminal/explain-failure.ts';
import { createOutput, type Output } from '../terminal/output.ts';
import type { CommandContext } from './context.ts';
import type { GlobalOptions } from './global-options.ts';

function actorName(): string {
  const { name, uid } = systemUser();
  return `cli:${name ?? uid ?? 'unknown'}`;
}

/** Throws for somebody else's directory, which is not a missing one. */
function isDataDirectory(directory: string): boolean {
  return statSync(join(directory, 'portolan.db'), { throwIfNoEntry: false }) !== undefined;
}

/** A mistyped directory must not become a new, empty registry. */
function refuseMissing(directory: string): void {
  if (isDataDirectory(directory)) return;
  const hint =
    'Start the server once with `portolan serve`, or name the directory with --data-dir or PORTOLAN_DATA_DIR.';
  throw new CommandFailure(`there is no data directory at ${directory}`, EXIT.usage, { hint });
}

/** What commands do with the data directory; its settings are read when one of them does. */
function createStorageAccess(
  sources: () => SettingsSources,
): Pick<CommandContext, 'hasStorage' | 'withStorage'> {
  let loaded: StorageSettings | undefined;
  const settings = (): StorageSettings => {
    loaded ??= loadStorageSettings(sources());
    return loaded;
  };
  return {
    hasStorage: () => isDataDirectory(settings().directory),
    async withStorage(work) {
      refuseMissing(settings().directory);
      // Loaded here, so that `--help` needs no database driver.
      const { openStorage } = await import('@portolan/storage');
      const storage = await openStorage(storageOptions(settings(), { clock: Date.now, randomId }));
      try {
        return await work(storage);
      } finally {
        await storage.close();
      }
    },
  };
}

export function createCommandContext(options: () => GlobalOptions): CommandContext {
  let output: Output | undefined;
  const sources = (): SettingsSources => {
    const { config, dataDir } = options();
    return { environment: readEnvironment(), file: config, flags: { data_dir: dataDir } };
  };
  return {
    get output() {
      output ??= createOutput(options().output, process);
      return output;
    },
    get terminal() {
      const isWatched = process.stderr.isTTY && options().output !== 'json';
      return isWatched ? process.stderr : undefined;
    },
    get egress() {
      return loadEgressPolicy(sources());
    },
    get publicUrl() {
      return loadSettingValues(sources()).public_url;
    },
    get listen() {
      return settled(loadSettingValues(sources()), 'listen');
    },
    get tls() {
      return loadTlsSettings(sources());
    },
    get sources() {
      return sources();
    },
    get environment() {
      return readEnvironment();
    },
    actor: actorName(),
    clock: Date.now,
    randomId,
    readStdin: () => readText(process.stdin),
    askSecret: (question) => askSecret(question, { input: process.stdin, output: process.stderr }),
    ...createStorageAccess(sources),
  };
}
