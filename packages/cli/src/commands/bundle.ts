// `portolan bundle`: images for where there is no network, on a stick.
import type { BundleDocument, VerifiedBundle } from '@portolan/mirror';
import { DomainError } from '@portolan/oci';
import { type Command } from 'commander';
import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { counted } from '../terminal/counted.ts';
import { EXIT } from '../terminal/exit-codes.ts';
import { CommandFailure } from '../terminal/explain-failure.ts';
import { writeFailure } from '../terminal/file-failure.ts';
import { registerExport } from './bundle-export.ts';
import { readPublicKey, registerImport } from './bundle-import.ts';
import { openVerifyProgress } from './bundle-progress.ts';
import type { CommandContext } from './context.ts';
import { stopSignal } from './stop-signal.ts';
import { timestamp } from './timestamp.ts';

/** Of a bundle that does not say what it holds. */
const UNKNOWN = { bundle: null, made: null, base: null, references: null } as const;

async function factsOf(document: BundleDocument | undefined) {
  if (document === undefined) {
    return { ...UNKNOWN, manifests: null, blobs: null, bytes: null, leftOut: null };
  }
  const { extentOf } = await import('@portolan/mirror');
  const { id, madeAt, base, references, expected } = document;
  return {
    bundle: id,
    made: timestamp(madeAt),
    base: base === undefined ? null : `${base.kind} ${base.id}`,
    references: references.length,
    ...extentOf(document),
    leftOut: expected.length,
  };
}

/** The same facts of a sound and of a damaged one. @throws CommandFailure 4 */
async function answerVerified({ output }: CommandContext, bundle: VerifiedBundle): Promise<void> {
  const { document, problems, signature, strangers } = bundle;
  const facts = { ...(await factsOf(document)), signature, otherFiles: strangers };
  if (problems.length === 0) {
    output.record({ ...facts, problems });
    return;
  }
  const rows = problems.map(({ file, problem }) => ({ file: file ?? null, problem }));
  output.recordWithRows(facts, { key: 'problems', rows, columns: ['file', 'problem'] });
  const message = `the bundle has ${counted(problems.length, 'problem')}`;
  throw new CommandFailure(message, EXIT.verification);
}

function registerVerify(bundle: Command, context: CommandContext): void {
  bundle
    .command('verify <directory>')
    .description('Check every sum, digest and size of a bundle; needs no registry')
    .option('--key <file>', 'want a signature with this public key')
    .action(async (directory: string, { key }: { key?: string }) => {
      const { requireBundle, verifyBundle } = await import('@portolan/mirror');
      await requireBundle(resolve(directory));
      const publicKey = await readPublicKey(key);
      const { signal, end } = stopSignal();
      const progress = openVerifyProgress(context);
      const verified = await verifyBundle(resolve(directory), {
        ...progress,
        publicKey,
        signal,
      }).finally(() => {
        progress.end();
        end();
      });
      await answerVerified(context, verified);
    });
}

function registerHave(bundle: Command, context: CommandContext): void {
  bundle
    .command('have')
    .description('Print what this registry has, for `bundle export --base have.json` elsewhere')
    .action(async () => {
      const { formatHave, takeInventory } = await import('@portolan/mirror');
      const { signal, end } = stopSignal();
      const have = await context
        .withStorage((storage) => {
          const deps = { content: storage, downloads: storage.mirrorDownloads };
          const id = context.randomId();
          return takeInventory(deps, { id, at: context.clock(), signal });
        })
        .finally(end);
      context.output.text(formatHave(have));
    });
}

async function writeNew(name: string, text: string, mode: number): Promise<void> {
  try {
    await writeFile(name, text, { flag: 'wx', mode });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') {
      throw new CommandFailure(`${name} is there already`, EXIT.conflict, { cause: error });
    }
    const { message, hint } = writeFailure(name, error);
    throw new DomainError('request-invalid', message, { hint }, { cause: error });
  }
}

function registerKeygen(bundle: Command, context: CommandContext): void {
  bundle
    .command('keygen <file>')
    .description('Make a key that signs bundles, and FILE.pub that checks them')
    .action(async (file: string) => {
      const { generateBundleKey } = await import('@portolan/mirror');
      const { privateKey, publicKey } = generateBundleKey();
      await writeNew(file, privateKey, 0o600);
      await writeNew(`${file}.pub`, publicKey, 0o644);
      context.output.record({ privateKey: file, publicKey: `${file}.pub` });
    });
}

export function registerBundle(program: Command, context: CommandContext): void {
  const bundle = program.command('bundle').description('Carry images on a stick');
  registerExport(bundle, context);
  registerVerify(bundle, context);
  registerImport(bundle, context);
  registerHave(bundle, context);
  registerKeygen(bundle, context);
}
