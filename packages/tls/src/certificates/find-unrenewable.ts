// What an authority has to renew and may not: certificates of the one before it, for names that this one was not
// made for. They hold on until they end, and nothing else would say so before that.
import type { Authority } from '../authority/authority.ts';
import { authorityOptions } from '../authority/authority-options.ts';
import { mayIssueFor } from '../authority/issue-certificate.ts';
import { CertificateName } from '../names/certificate-name.ts';
import { listCertificates } from './list-certificates.ts';

export interface Unrenewable {
  /** The files that are not renewed any more: one name too many is enough. */
  readonly files: readonly string[];
  readonly names: readonly CertificateName[];
  /** Options of `portolan ca init` for an authority that may issue for these names as well. */
  readonly options: string;
}

/** Undefined when all can be renewed. */
export async function findUnrenewable(
  authority: Authority,
  directory: string,
  now: number,
): Promise<Unrenewable | undefined> {
  const { certificates } = await listCertificates(directory, now);
  const refused = certificates
    .filter(({ source }) => source === 'authority')
    .map(({ file, names }) => ({
      file,
      names: names
        .flatMap((name) => CertificateName.find(name) ?? [])
        .filter((name) => !mayIssueFor(authority, name)),
    }))
    .filter(({ names }) => names.length > 0);
  if (refused.length === 0) return undefined;
  const names = [...new Set(refused.flatMap((one) => one.names))];
  const constraints = authority.constraints ?? { domains: [], networks: [] };
  const options = authorityOptions(constraints, { names });
  return { files: refused.map(({ file }) => file), names, options };
}
