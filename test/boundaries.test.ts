// Who may import whom: the drawing of docs/architecture.md, held against the imports themselves.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = path.resolve(import.meta.dirname, '..');

/** Package → the packages of ours that it may import. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  oci: [],
  storage: ['oci'],
  registry: ['oci', 'storage'],
  auth: ['oci', 'storage'],
  mirror: ['oci', 'storage'],
  tls: ['oci', 'storage'],
  clients: ['oci'],
  connect: ['oci'],
  cli: ['oci', 'storage', 'registry', 'auth', 'mirror', 'tls', 'clients', 'connect'],
};

/** Modules from outside that a package must never touch, by what the package must never do. */
const FORBIDDEN: Readonly<Record<string, RegExp>> = {
  oci: /^(?!\.|@portolan\/)/,
  storage: /^(koa|@koa\/|node:https?$|jose$|argon2$)/,
  registry: /^(argon2|kysely|better-sqlite3|node:fs)(\/|$)/,
  auth: /^(kysely|better-sqlite3)(\/|$)/,
  mirror: /^(koa|@koa\/|kysely|better-sqlite3|jose|argon2)(\/|$)/,
  tls: /^(koa|@koa\/|kysely|better-sqlite3|jose|argon2)(\/|$)/,
  clients: /^(koa|@koa\/|kysely|better-sqlite3|jose|argon2|undici|node:(fs|net|http|tls))(\/|$)/,
  connect: /^(koa|@koa\/|kysely|better-sqlite3|jose|argon2|undici|node:(fs|dns))(\/|$)/,
  cli: /^(kysely|better-sqlite3)(\/|$)/,
};

/** Files that may do what their package may not, each with its reason. */
const EXCEPTIONS: Readonly<Record<string, string>> = {
  'packages/registry/src/access/file-key-set.ts': 'reads the JWKS file that the operator names',
};

function sources(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => path.join(entry.parentPath, entry.name))
    .filter((file) => !file.includes('node_modules'));
}

const IMPORT =
  /(?:^|\n)\s*(?:import|export)\s[^'";]*?from\s+'([^']+)'|import\(\s*'([^']+)'\s*\)|(?:^|\n)import\s+'([^']+)'/g;

function importsOf(file: string): string[] {
  return [...readFileSync(file, 'utf8').matchAll(IMPORT)].map((m) => m[1] ?? m[2] ?? m[3] ?? '');
}

const PACKAGES = readdirSync(path.join(ROOT, 'packages'));

describe('package boundaries', () => {
  it('know every package', () => {
    expect(Object.keys(ALLOWED).sort()).toEqual(PACKAGES.sort());
  });

  describe.each(PACKAGES)('%s', (name) => {
    const files = sources(path.join(ROOT, 'packages', name, 'src'));

    it('imports only the packages below it, and those by their name', () => {
      const wrong = files.flatMap((file) =>
        importsOf(file)
          .filter((target) => {
            // Its own version is stated once, in package.json.
            if (target === '../package.json') return false;
            if (target.startsWith('.')) {
              const resolved = path.resolve(path.dirname(file), target);
              return !resolved.startsWith(path.join(ROOT, 'packages', name, 'src'));
            }
            const ours = /^@portolan\/([^/]+)(\/.*)?$/.exec(target);
            return (
              ours !== null && (ours[2] !== undefined || !ALLOWED[name]?.includes(ours[1] ?? ''))
            );
          })
          .map((target) => `${path.relative(ROOT, file)} imports ${target}`),
      );
      expect(wrong).toEqual([]);
    });

    it('keeps out of what is not its business', () => {
      const wrong = files
        .filter((file) => EXCEPTIONS[path.relative(ROOT, file)] === undefined)
        .flatMap((file) =>
          importsOf(file)
            .filter((target) => FORBIDDEN[name]?.test(target))
            .map((target) => `${path.relative(ROOT, file)} imports ${target}`),
        );
      expect(wrong).toEqual([]);
    });
  });

  it('read the environment in one file', () => {
    const readers = PACKAGES.flatMap((name) => sources(path.join(ROOT, 'packages', name, 'src')))
      .filter((file) => readFileSync(file, 'utf8').includes('process.env'))
      .map((file) => path.relative(ROOT, file));
    expect(readers.filter((file) => file !== 'packages/cli/src/config/environment.ts')).toEqual([]);
  });

  it('have no drawer folders or files', () => {
    const drawers = PACKAGES.flatMap((name) => sources(path.join(ROOT, 'packages', name, 'src')))
      .map((file) => path.relative(ROOT, file))
      // A "credential helper" is docker's own term.
      .filter((file) => !file.endsWith('/credential-helper.ts'))
      .filter((file) =>
        /(^|[/-])(utils?|helpers?|core|common|managers?|misc|shared)([/.-])/.test(file),
      );
    expect(drawers).toEqual([]);
  });
});
