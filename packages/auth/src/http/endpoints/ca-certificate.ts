// GET /ca.crt and /ca.crt.sha256: the certificate of the authority that is built in, for clients that do
// not trust it yet. Behind it are those of authorities that it replaced, while servers still need them. They
// come over plain HTTP too, so the fingerprints are for being compared with what the operator tells, and only
// save a call to openssl: a line for each certificate, in the same order.
import { authError } from '../../errors.ts';
import type { Handler } from '../request-context.ts';

export interface AuthorityCertificate {
  readonly pem: string;
  /** SHA-256, `AA:BB…` */
  readonly fingerprint: string;
}

/** The one that issues first; none when there is no authority here. */
export type ReadAuthorities = () => Promise<readonly AuthorityCertificate[]>;

async function get(readAuthorities: ReadAuthorities): Promise<readonly AuthorityCertificate[]> {
  const authorities = await readAuthorities();
  if (authorities.length > 0) return authorities;
  throw authError('page-unknown', 'there is no certificate authority here', {
    hint: 'the operator makes one with `portolan ca init`, unless the certificate comes from elsewhere',
  });
}

export function createCaCertificate(readAuthorities: ReadAuthorities): Handler {
  return async (ctx) => {
    const authorities = await get(readAuthorities);
    ctx.set('Content-Type', 'application/x-pem-file');
    ctx.set('Content-Disposition', 'attachment; filename="portolan-ca.crt"');
    ctx.body = authorities.map(({ pem }) => pem).join('');
  };
}

export function createCaFingerprint(readAuthorities: ReadAuthorities): Handler {
  return async (ctx) => {
    const authorities = await get(readAuthorities);
    ctx.set('Content-Type', 'text/plain; charset=utf-8');
    ctx.body = authorities.map(({ fingerprint }) => `${fingerprint}\n`).join('');
  };
}
