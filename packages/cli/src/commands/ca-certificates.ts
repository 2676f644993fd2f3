// `portolan ca issue` and `portolan ca import`: the certificates of servers, ours and others'.
import type { CertificateFacts } from '@portolan/tls';
import { type Command, InvalidArgumentError } from 'commander';
import { join, resolve } from 'node:path';
import type { CommandContext } from './context.ts';
import { readNamedFile } from './named-file.ts';
import { collectText } from './repeated-option.ts';
import { timestamp } from './timestamp.ts';

interface IssueOptions {
  readonly ip?: readonly string[];
  readonly days?: number;
  readonly out?: string;
  readonly dropNames?: true;
}

function wholeDays(text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It is a number of days.');
}

function certificateRecord(path: string, facts: CertificateFacts) {
  return {
    file: path,
    names: facts.names,
    issuer: facts.issuer,
    fingerprint: facts.fingerprint,
    expires: timestamp(facts.notAfter),
  };
}

function registerIssue(ca: Command, context: CommandContext): void {
  ca.command('issue [names...]')
    .description('Issue a certificate for a server, with a fresh key')
    .option('--ip <address>', 'an address that it holds for, too; repeatable', collectText)
    .option('--days <number>', 'how long it holds (90)', wholeDays)
    .option('--out <directory>', 'write it there, for a server elsewhere; it is not renewed')
    .option('--drop-names', 'the names that it had before, and that are not given, shall end')
    .addHelpText(
      'after',
      "\nQuote wildcards: portolan ca issue registry.lan '*.registry.lan'\nA running server uses it within seconds, and renews it in the last third of its life.",
    )
    .action(async (names: string[], { ip = [], days, out, dropNames }: IssueOptions) => {
      const { DEFAULT_DAYS, issueIntoDirectory } = await import('@portolan/tls');
      const { output, tls, clock } = context;
      const issued = await issueIntoDirectory(
        { directories: tls.directories, clock },
        {
          names: [...names, ...ip],
          days: days ?? DEFAULT_DAYS,
          out: out === undefined ? undefined : resolve(out),
          dropsNames: dropNames === true,
        },
      );
      output.record(certificateRecord(issued.path, issued));
    });
}

function registerImport(ca: Command, context: CommandContext): void {
  ca.command('import <certificate> <key>')
    .description('Use a certificate that somebody else has issued (PEM files)')
    .option('--chain <file>', 'the intermediate certificates, where they are not with it')
    .action(async (certificate: string, key: string, { chain }: { chain?: string }) => {
      const { importCertificate } = await import('@portolan/tls');
      const { output, tls, clock } = context;
      const directory = tls.directories.certificates;
      const imported = await importCertificate(
        { directory, clock },
        {
          certificate: await readNamedFile(certificate),
          key: await readNamedFile(key),
          chain: chain === undefined ? undefined : await readNamedFile(chain),
        },
      );
      output.record(certificateRecord(join(directory, imported.file), imported));
      for (const warning of imported.warnings) output.note(`warning: ${warning}`);
      output.note('It is not renewed by us: import the next one before it expires.');
    });
}

export function registerCaCertificates(ca: Command, context: CommandContext): void {
  registerIssue(ca, context);
  registerImport(ca, context);
}
