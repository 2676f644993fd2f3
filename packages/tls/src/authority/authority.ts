// The authority that is built in: made once, trusted by the clients, and held to the names that it was
// made for.
import { X509Certificate } from 'node:crypto';
import { factsOf } from '../certificates/certificate-pem.ts';
import { DAY_MS } from '../certificates/remaining-days.ts';
import { tlsError } from '../errors.ts';
import { NameConstraints } from '../names/name-constraints.ts';
import {
  authorityExists,
  authorityKeyMissing,
  isAuthorityCertificateThere,
  readAuthorityCertificate,
  readAuthorityFiles,
  readCertificateOfKey,
  readRetiredCertificates,
  retireAuthorityFiles,
  writeAuthorityFiles,
} from './authority-files.ts';
import { authorityOptions } from './authority-options.ts';
import type { KeyAndCertificate } from './sign-certificate.ts';

export interface AuthorityDeps {
  /** `ca/` in the data directory. */
  readonly directory: string;
  readonly clock: () => number;
}

export interface AuthorityRequest {
  /** Domains, each with all that is below it. */
  readonly domains: readonly string[];
  /** Addresses or networks. */
  readonly networks: readonly string[];
  /** Retires the one that there is. */
  readonly isForced: boolean;
}

export interface AuthorityFacts {
  /** PEM of its certificate. */
  readonly pem: string;
  readonly name: string;
  /** SHA-256, `AA:BB…` */
  readonly fingerprint: string;
  /** Milliseconds since the epoch. */
  readonly notAfter: number;
}

/** An authority with its key. */
export interface Authority extends AuthorityFacts, KeyAndCertificate {
  readonly constraints: NameConstraints | undefined;
}

const LIFE_MS = 3650 * DAY_MS;
/** A node whose clock is behind must not wait for it. */
const EARLIER_MS = DAY_MS;

function authorityFacts(pem: string): AuthorityFacts {
  try {
    const { issuer: name, notAfter, fingerprint } = factsOf('ca.crt', new X509Certificate(pem));
    return { pem, name, notAfter, fingerprint };
  } catch (error) {
    const hint = 'restore it from a backup, or make a new authority with --force-new';
    throw tlsError('authority-invalid', 'the certificate cannot be read', { hint }, error);
  }
}

async function withConstraints(files: KeyAndCertificate): Promise<Authority> {
  const { constraintsOf } = await import('./sign-certificate.ts');
  const facts = authorityFacts(files.certificate);
  return { ...files, ...facts, constraints: constraintsOf(files.certificate) };
}

/** What is damaged vouches for nothing, and must not be in the way of the authority that issues. */
function findFacts(pem: string): readonly AuthorityFacts[] {
  try {
    return [authorityFacts(pem)];
  } catch {
    return [];
  }
}

/** What clients get: the one that issues, where its key can be read; undefined when there is none. */
export async function findAuthority(directory: string): Promise<AuthorityFacts | undefined> {
  const pem = await readAuthorityCertificate(directory);
  const [issuing] = findFacts((await readCertificateOfKey(directory)) ?? '');
  return issuing ?? (pem === undefined ? undefined : authorityFacts(pem));
}

/**
 * Those that were replaced and still hold, the newest first: what they have issued is believed by whoever
 * trusts them.
 */
export async function listRetiredAuthorities({
  directory,
  clock,
}: AuthorityDeps): Promise<readonly AuthorityFacts[]> {
  const all = (await readRetiredCertificates(directory)).flatMap(findFacts);
  return all
    .filter(({ notAfter }) => notAfter > clock())
    .toSorted((one, other) => other.notAfter - one.notAfter);
}

/** For a hint, which must not hide what it is a hint to. */
async function namesAsOptions(directory: string): Promise<string> {
  try {
    const { constraintsOf } = await import('./sign-certificate.ts');
    const constraints = constraintsOf((await readAuthorityCertificate(directory)) ?? '');
    return constraints === undefined ? '' : authorityOptions(constraints);
  } catch {
    return '';
  }
}

/**
 * Undefined where there is none. A certificate without its key is one: clients trust it, and the key may be
 * elsewhere. @throws TlsError `authority-invalid`
 */
async function findWithKey(directory: string): Promise<KeyAndCertificate | undefined> {
  const files = await readAuthorityFiles(directory);
  if (files !== undefined || !(await isAuthorityCertificateThere(directory))) return files;
  // Another process may have made both since, the key first.
  const made = await readAuthorityFiles(directory);
  if (made !== undefined) return made;
  throw authorityKeyMissing(directory, await namesAsOptions(directory));
}

/** @throws TlsError `authority-unknown`, `authority-invalid` */
export async function openAuthority(directory: string): Promise<Authority> {
  const files = await findWithKey(directory);
  if (files !== undefined) return withConstraints(files);
  throw authorityUnknown(directory);
}

/** @throws TlsError `authority-exists`, `authority-invalid`, `certificate-name-invalid`, `request-invalid` */
export async function createAuthority(
  { directory, clock }: AuthorityDeps,
  request: AuthorityRequest,
): Promise<Authority> {
  const constraints = NameConstraints.parse(request.domains, request.networks);
  if (!request.isForced && (await findWithKey(directory)) !== undefined) {
    throw authorityExists(directory);
  }
  const { selfSignAuthority } = await import('./sign-certificate.ts');
  const now = clock();
  const times = { from: now - EARLIER_MS, until: now + LIFE_MS };
  const made = await selfSignAuthority(constraints, times);
  if (request.isForced) await retireAuthorityFiles(directory);
  await writeAuthorityFiles(directory, made);
  return withConstraints(made);
}

export function authorityUnknown(directory: string): Error {
  return tlsError('authority-unknown', 'there is no certificate authority yet', {
    directory,
    hint: 'make one with `portolan ca init --name registry.lan`',
  });
}
