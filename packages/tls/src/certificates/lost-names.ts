// What a server would stop to serve when its certificate is replaced by one with other names. A name that
// was forgotten cuts whoever uses it, and nobody is told: so it is kept, or dropped on purpose.
import { DEFAULT_DAYS } from '../authority/issue-certificate.ts';
import { tlsError } from '../errors.ts';
import { CertificateName } from '../names/certificate-name.ts';

export interface NamesRequest {
  readonly names: readonly CertificateName[];
  readonly days: number;
  readonly out?: string | undefined;
}

/** By itself, or by a wildcard of one label. */
export function isCovered(name: string, names: readonly string[]): boolean {
  const wildcard = CertificateName.wildcardOf(name);
  return names.includes(name) || (wildcard !== undefined && names.includes(wildcard));
}

/** Those of before that no name of now stands for. */
export function lostNames(before: readonly string[], now: readonly string[]): readonly string[] {
  return [...new Set(before)].filter((name) => !isCovered(name, now));
}

function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

function commandFor({ names, days, out }: NamesRequest, lost: readonly string[]): string {
  const words = [
    ...[...names, ...lost].map(shellWord),
    ...(days === DEFAULT_DAYS ? [] : ['--days', String(days)]),
    ...(out === undefined ? [] : ['--out', shellWord(out)]),
  ];
  return `portolan ca issue ${words.join(' ')}`;
}

/** @throws TlsError `certificate-exists` with the command that keeps every name */
export function refuseLoss(path: string, before: readonly string[], request: NamesRequest): void {
  const lost = lostNames(before, request.names);
  if (lost.length === 0) return;
  throw tlsError('certificate-exists', `${path} is also for ${lost.join(', ')}, which would end`, {
    hint: `\`${commandFor(request, lost)}\` keeps every name; with --drop-names those end`,
  });
}
