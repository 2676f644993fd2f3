// `portolan ca show` and `portolan ca bundle`: the authority, for people and for clients.
import { reasonOf } from '@portolan/oci';
import type { CertificateList } from '@portolan/tls';
import type { Command } from 'commander';
import { writeFile } from 'node:fs/promises';
import { authorityRecord } from './ca-init.ts';
import type { CommandContext } from './context.ts';
import { optionalTimestamp, timestamp } from './timestamp.ts';

const COLUMNS = ['file', 'names', 'expires', 'inUse', 'source', 'renews', 'issuer'];

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

async function noteEnd({ output, clock }: CommandContext, notAfter: number): Promise<void> {
  const { AUTHORITY_SOON_DAYS, daysUntil } = await import('@portolan/tls');
  const days = daysUntil(notAfter, clock());
  if (days > AUTHORITY_SOON_DAYS) return;
  const next = '`portolan ca init --force-new` with its names makes the next one';
  output.note(`The authority ends in ${days} days. ${next}; let every client trust that before.`);
}

function registerShow(ca: Command, context: CommandContext): void {
  ca.command('show')
    .description('Show the authority, and the certificates of this server')
    .action(async () => {
      const { findAuthority, listCertificates, openAuthority } = await import('@portolan/tls');
      const { output, tls } = context;
      const { authority: directory, certificates } = tls.directories;
      const rows = rowsOf(await listCertificates(certificates));
      const isBroken = rows.some(({ problem }) => problem !== null);
      const columns = isBroken ? [...COLUMNS, 'problem'] : COLUMNS;
      const part = { key: 'certificates', rows, columns };
      // Whoever imports certificates or gets them by ACME needs no authority.
      if (rows.length > 0 && (await findAuthority(directory)) === undefined) {
        output.recordWithRows({ authority: null }, part);
        return;
      }
      const authority = await openAuthority(directory);
      output.recordWithRows(authorityRecord(authority), part);
      await noteEnd(context, authority.notAfter);
    });
}

interface BundleOptions {
  readonly out?: string;
  readonly withRetired?: boolean;
}

function registerBundle(ca: Command, context: CommandContext): void {
  ca.command('bundle')
    .description('Print the certificate of the authority, for clients to trust')
    .option('--out <file>', 'write it there')
    .option('--with-retired', 'also those that it replaced, as long as they hold')
    .addHelpText(
      'after',
      '\nUntil the servers show certificates of a new authority, clients need the old one, too. Leave it\nout when it was replaced because its key may be known.',
    )
    .action(async ({ out, withRetired = false }: BundleOptions) => {
      const { authorityUnknown, findAuthority, listRetiredAuthorities } = await import(
        '@portolan/tls'
      );
      const { output, tls, clock } = context;
      const directory = tls.directories.authority;
      const authority = await findAuthority(directory);
      if (authority === undefined) throw authorityUnknown(directory);
      const retired = withRetired ? await listRetiredAuthorities({ directory, clock }) : [];
      const text = [authority, ...retired].map(({ pem }) => pem).join('');
      if (out === undefined) output.text(text);
      else await writeFile(out, text);
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
