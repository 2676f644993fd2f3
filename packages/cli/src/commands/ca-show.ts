// `portolan ca show` and `portolan ca bundle`: the authority, for people and for clients.
import { DomainError, reasonOf } from '@portolan/oci';
import type { Authority, CertificateList, RetiredAuthority } from '@portolan/tls';
import type { Command } from 'commander';
import { writeFile } from 'node:fs/promises';
import { writeFailure } from '../terminal/file-failure.ts';
import { authorityRecord } from './ca-init.ts';
import type { CommandContext } from './context.ts';
import { optionalTimestamp, timestamp } from './timestamp.ts';

const COLUMNS = ['file', 'names', 'expires', 'inUseFor', 'source', 'renews', 'issuer'];

function rowsOf({ certificates, unreadable }: CertificateList) {
  return [
    ...certificates.map((one) => ({
      file: one.file,
      names: one.names,
      expires: timestamp(one.notAfter),
      issuer: one.issuer,
      inUse: one.inUseFor.length > 0,
      inUseFor: one.inUseFor,
      source: one.source,
      renews: optionalTimestamp(one.renewsAt),
      fingerprint: one.fingerprint,
      problem: null,
    })),
    ...unreadable.map(({ file, error }) => ({ file, inUse: false, problem: reasonOf(error) })),
  ];
}

function retiredRecord({ name, fingerprint, notAfter, certificates }: RetiredAuthority) {
  return { authority: name, certificates, expires: timestamp(notAfter), fingerprint };
}

async function noteEnd({ output, clock }: CommandContext, authority: Authority): Promise<void> {
  const { AUTHORITY_SOON_DAYS, authorityOptions, daysUntil } = await import('@portolan/tls');
  const days = daysUntil(authority.notAfter, clock());
  if (days > AUTHORITY_SOON_DAYS) return;
  const { constraints } = authority;
  const names = constraints === undefined ? 'with its names' : authorityOptions(constraints);
  output.note(
    `The authority ends in ${days} days. Next: \`portolan ca init --force-new ${names}\`; let every client trust that before.`,
  );
}

function noteRetired({ output }: CommandContext, retired: readonly RetiredAuthority[]): void {
  for (const { name, certificates } of retired) {
    output.note(
      certificates.length === 0
        ? `Nothing here hangs on ${name} any more, and clients are not given it. A proxy in front has to be reloaded once.`
        : `${certificates.join(', ')} hangs on ${name}, so clients are given both authorities. Once they trust the new one: \`portolan ca renew --force\`, then reload the proxy in front, if there is one.`,
    );
  }
}

function registerShow(ca: Command, context: CommandContext): void {
  ca.command('show')
    .description('Show the authority, and the certificates of this server')
    .action(async () => {
      const { findTrustedAuthorities, listCertificates, openAuthority } = await import(
        '@portolan/tls'
      );
      const { output, tls, clock } = context;
      const { authority: directory, certificates } = tls.directories;
      const rows = rowsOf(await listCertificates(certificates, clock()));
      const isBroken = rows.some(({ problem }) => problem !== null);
      const columns = isBroken ? [...COLUMNS, 'problem'] : COLUMNS;
      const part = { key: 'certificates', rows, columns };
      // Whoever imports certificates or gets them by ACME needs no authority.
      const trusted = await findTrustedAuthorities({ directories: tls.directories, clock });
      if (rows.length > 0 && trusted === undefined) {
        output.recordWithRows({ authority: null }, part);
        return;
      }
      const authority = await openAuthority(directory);
      const { retired = [] } = trusted ?? {};
      const record = { ...authorityRecord(authority), retired: retired.map(retiredRecord) };
      output.recordWithRows(record, part);
      noteRetired(context, retired);
      await noteEnd(context, authority);
    });
}

interface BundleOptions {
  readonly out?: string;
  readonly withRetired?: boolean;
}

async function writeOut(file: string, text: string): Promise<void> {
  try {
    await writeFile(file, text);
  } catch (cause) {
    const { message, hint } = writeFailure(file, cause);
    throw new DomainError('request-invalid', message, { hint }, { cause });
  }
}

function registerBundle(ca: Command, context: CommandContext): void {
  ca.command('bundle')
    .description('Print the certificate of the authority, for clients to trust')
    .option('--out <file>', 'write it there')
    .option('--with-retired', 'all that it replaced, as long as they hold')
    .addHelpText(
      'after',
      '\nAn authority that it replaced is in it as long as a certificate of this server hangs on that. For\nservers elsewhere, which have theirs by `portolan ca issue --out`, there is --with-retired.',
    )
    .action(async ({ out, withRetired = false }: BundleOptions) => {
      const { authoritiesForClients, authorityUnknown, findTrustedAuthorities } = await import(
        '@portolan/tls'
      );
      const { output, tls, clock } = context;
      const { directories } = tls;
      const trusted = await findTrustedAuthorities({ directories, clock });
      if (trusted === undefined) throw authorityUnknown(directories.authority);
      const [authority, ...needed] = authoritiesForClients(trusted);
      const retired = withRetired ? trusted.retired : needed;
      const text = [authority, ...retired].map(({ pem }) => pem).join('');
      if (out === undefined) output.text(text);
      else await writeOut(out, text);
      output.note(`SHA-256 ${authority.fingerprint}`);
      for (const { fingerprint, notAfter } of retired) {
        output.note(`SHA-256 ${fingerprint}, retired, holds until ${timestamp(notAfter)}`);
      }
    });
}

export function registerCaShow(ca: Command, context: CommandContext): void {
  registerShow(ca, context);
  registerBundle(ca, context);
}
