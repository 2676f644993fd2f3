// Secrets that can be found again: each is random, and so is looked for in every spelling that a program
// could leave it in.
import { randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface Canary {
  readonly name: string;
  readonly secret: string;
}

export interface Cage {
  /** A new secret, to be used once, where its name says. */
  make(name: string): string;
  /** Somebody else's secret, such as a token that was issued. */
  add(name: string, secret: string): void;
  readonly canaries: readonly Canary[];
}

export function createCage(): Cage {
  const canaries: Canary[] = [];
  const add = (name: string, secret: string): void => void canaries.push({ name, secret });
  return {
    canaries,
    add,
    make(name) {
      const secret = `canary-${randomBytes(12).toString('hex')}`;
      add(name, secret);
      return secret;
    },
  };
}

/** Base64 of a text that holds the secret: the three ways in which it can lie across the groups. */
function base64Forms(secret: string): string[] {
  return [0, 1, 2].map((offset) => {
    const text = Buffer.from(`${'x'.repeat(offset)}${secret}`).toString('base64');
    // Without the groups that also hold what stands before and after.
    return text.slice(offset === 0 ? 0 : 4, -4);
  });
}

function spellings(secret: string): string[] {
  const bytes = Buffer.from(secret);
  return [
    secret,
    ...base64Forms(secret),
    bytes.toString('hex'),
    // As JSON has a Buffer.
    [...bytes].join(','),
    encodeURIComponent(secret),
  ];
}

/** The names of those that are in the text, with a bit of what stands around. */
export function findCanaries(canaries: readonly Canary[], text: string): string[] {
  return canaries.flatMap(({ name, secret }) =>
    spellings(secret)
      .map((spelling) => text.indexOf(spelling))
      .filter((at) => at !== -1)
      .slice(0, 1)
      .map((at) => `${name}: …${text.slice(Math.max(0, at - 200), at + 60)}…`),
  );
}

/** The same, in every file below a directory. */
export async function findInFiles(
  canaries: readonly Canary[],
  directory: string,
): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const found = await Promise.all(
    files.map(async ({ parentPath, name }) => {
      const text = await readFile(join(parentPath, name), 'latin1');
      return findCanaries(canaries, text).map((one) => `${name}: ${one.slice(0, 60)}`);
    }),
  );
  return found.flat();
}
