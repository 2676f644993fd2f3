// `portolan ca renew`: what a running server does by itself, now.
import { DomainError, nearestName, reasonOf } from '@portolan/oci';
import type { Renewal, RenewalDeps } from '@portolan/tls';
import type { Command } from 'commander';
import { renewalDeps } from '../serve/jobs/certificate-job.ts';
import { CERTIFICATE_LEASE, LEASE_MS } from '../serve/jobs/certificate-lease.ts';
import { EXIT, exitCodeOf } from '../terminal/exit-codes.ts';
import { CommandFailure } from '../terminal/explain-failure.ts';
import type { CommandContext } from './context.ts';

/** One process renews at a time, where there is a database for that. */
async function withLease<T>(context: CommandContext, work: () => Promise<T>): Promise<T> {
  if (!context.hasStorage()) return work();
  return context.withStorage(async ({ leases }) => {
    const holder = context.randomId();
    if (!(await leases.acquire(CERTIFICATE_LEASE, holder, LEASE_MS))) {
      const hint = 'Try again in a minute.';
      throw new CommandFailure('another process is renewing certificates', EXIT.unavailable, {
        hint,
      });
    }
    const renewal = setInterval(() => {
      leases.acquire(CERTIFICATE_LEASE, holder, LEASE_MS).catch(() => undefined);
    }, LEASE_MS / 3);
    try {
      return await work();
    } finally {
      clearInterval(renewal);
      await leases.release(CERTIFICATE_LEASE, holder);
    }
  });
}

function row({ file, outcome, error }: Renewal) {
  return { file, outcome, error: error === undefined ? null : reasonOf(error) };
}

function failIfAny(renewals: readonly Renewal[]): void {
  const failed = renewals.find(({ outcome }) => outcome === 'failed');
  if (failed === undefined) return;
  const { error } = failed;
  const code = error instanceof DomainError ? exitCodeOf(error.code) : EXIT.failed;
  throw new CommandFailure('not every certificate was renewed; those of before stay in use', code);
}

function stemOf(file: string): string {
  return file.replace(/\.(?:pem|crt)$/, '');
}

/** It has no record: another one was meant, or somebody else has issued it. */
async function explainUnknown(error: unknown, name: string, deps: RenewalDeps): Promise<unknown> {
  if (!(error instanceof DomainError) || error.code !== 'certificate-unknown') return error;
  const { listCertificates } = await import('@portolan/tls');
  const { certificates, unreadable } = await listCertificates(
    deps.directories.certificates,
    deps.clock(),
  );
  const foreign = [...certificates, ...unreadable].find(({ file }) => stemOf(file) === name);
  if (foreign !== undefined) {
    const hint = 'get the next one from them, then `portolan ca import CERTIFICATE KEY`';
    const message = `${foreign.file} is renewed by whoever issued it, and not by us`;
    return new DomainError(error.code, message, { hint }, { cause: error });
  }
  const ours = certificates.filter(({ source }) => source !== 'imported');
  const nearest = nearestName(
    name,
    ours.map(({ file }) => stemOf(file)),
  );
  if (nearest === undefined) return error;
  const detail = { hint: `did you mean '${nearest}'?` };
  return new DomainError(error.code, error.message, detail, { cause: error });
}

export function registerCaRenew(ca: Command, context: CommandContext): void {
  ca.command('renew [name]')
    .description('Renew the certificates whose last third has begun; a running server does it too')
    .option('--force', 'also what is not due')
    .action(async (name: string | undefined, { force = false }: { force?: boolean }) => {
      const { CertificateName, renewDue } = await import('@portolan/tls');
      const { output, tls, clock } = context;
      const deps = await renewalDeps(tls, clock);
      const known = name === undefined ? undefined : CertificateName.find(name);
      const only = known === undefined ? name : CertificateName.fileStem(known);
      const renewals = await withLease(context, () =>
        renewDue(deps, { isForced: force, only }).catch(async (error: unknown) => {
          throw await explainUnknown(error, only ?? '', deps);
        }),
      );
      output.rows(renewals.map(row), ['file', 'outcome', 'error']);
      failIfAny(renewals);
    });
}
