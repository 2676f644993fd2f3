// GET /ca.crt and /ca.crt.sha256: the certificate of the authority that is built in, for clients that do
// not trust it yet. They come over plain HTTP too, so the fingerprint is for being compared with what
// the operator tells, and only saves a call to openssl.
import { authError } from '../../errors.ts';
import type { Handler } from '../request-context.ts';

export interface AuthorityCertificate {
  readonly pem: string;
  /** SHA-256, `AA:BB…` */
  readonly fingerprint: string;
}

/** Undefined when there is no authority here. */
export type ReadAuthority = () => Promise<AuthorityCertificate | undefined>;

async function get(readAuthority: ReadAuthority): Promise<AuthorityCertificate> {
  const authority = await readAuthority();
  if (authority !== undefined) return authority;
  throw authError('page-unknown', 'there is no certificate authority here', {
    hint: 'the operator makes one with `portolan ca init`, unless the certificate comes from elsewhere',
  });
}

export function createCaCertificate(readAuthority: ReadAuthority): Handler {
  return async (ctx) => {
    const { pem } = await get(readAuthority);
    ctx.set('Content-Type', 'application/x-pem-file');
    ctx.set('Content-Disposition', 'attachment; filename="portolan-ca.crt"');
    ctx.body = pem;
  };
}

export function createCaFingerprint(readAuthority: ReadAuthority): Handler {
  return async (ctx) => {
    const { fingerprint } = await get(readAuthority);
    ctx.set('Content-Type', 'text/plain; charset=utf-8');
    ctx.body = `${fingerprint}\n`;
  };
}
