// `portolan ca show` and `portolan ca bundle`: the authority, for people and for clients.
import { reasonOf } from '@portolan/oci';
import type { CertificateList } from '@portolan/tls';
import type { Command } from 'commander';
import { writeFile } from 'node:fs/promises';
import { authorityRecord } from './ca-init.ts';
import type { CommandContext } from './context.ts';
import { timestamp } from './timestamp.ts';

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
      renews: one.renewsAt === undefined ? null : timestamp(one.renewsAt),
      fingerprint: one.fingerprint,
      problem: null,
    })),
    ...unreadable.map(({ file, error }) => ({ file, inUse: false, problem: reasonOf(error) })),
  ];
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
      output.recordWithRows(authorityRecord(await openAuthority(directory)), part);
    });
}

function registerBundle(ca: Command, context: CommandContext): void {
  ca.command('bundle')
    .description('Print the certificate of the authority, for clients to trust')
    .option('--out <file>', 'write it there')
    .action(async ({ out }: { out?: string }) => {
      const { authorityUnknown, findAuthority } = await import('@portolan/tls');
      const { output, tls } = context;
      const authority = await findAuthority(tls.directories.authority);
      if (authority === undefined) throw authorityUnknown(tls.directories.authority);
      if (out === undefined) output.text(authority.pem);
      else await writeFile(out, authority.pem);
      output.note(`SHA-256 ${authority.fingerprint}`);
    });
}

export function registerCaShow(ca: Command, context: CommandContext): void {
  registerShow(ca, context);
  registerBundle(ca, context);
}
