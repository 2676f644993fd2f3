// The certificates that lie on this machine, and whether they are renewed in time. What clients get to see is
// another matter: tls.ts.
import {
  AUTHORITY_SOON_DAYS,
  DAY_MS,
  daysUntil,
  findAuthority,
  type ListedCertificate,
  listCertificates,
} from '@portolan/tls';
import { reasonOf } from '@portolan/oci';
import { type Check, fail, type Finding, ok, onMachine, skipped, warn } from '../check.ts';

/** Before the log of the server speaks of it: getting another one takes a while. */
const IMPORTED_SOON_DAYS = 21;
/** The server tries every hour. */
const LATE_MS = 2 * DAY_MS;

/** One that does not hold now is shown only where no other is for the name. */
function judgeTime(
  { file, notBefore, notAfter, inUseFor }: ListedCertificate,
  now: number,
  remedy: string,
): Finding | undefined {
  if (notBefore <= now && now < notAfter) return undefined;
  const isEarly = now < notBefore;
  const summary = isEarly
    ? `${file} holds only from ${new Date(notBefore).toISOString()} on`
    : `${file} ended ${Math.max(0, -daysUntil(notAfter, now))} days ago`;
  const what = isEarly ? 'wait, or check the clock of this host' : remedy;
  return inUseFor.length > 0
    ? fail(summary, { meaning: 'clients refuse it', remedy: what })
    : warn(summary, { meaning: 'for its names others are shown', remedy: what });
}

export function judgeCertificate(certificate: ListedCertificate, now: number): Finding | undefined {
  const { file, renewsAt, source } = certificate;
  const days = daysUntil(certificate.notAfter, now);
  const remedy =
    source === 'imported'
      ? 'get the next one from whoever issued it, then `portolan ca import CERTIFICATE KEY`'
      : '`portolan ca renew`, and see what it says';
  const outOfTime = judgeTime(certificate, now, remedy);
  if (outOfTime !== undefined) return outOfTime;
  if (renewsAt !== undefined && now > renewsAt + LATE_MS) {
    return warn(`${file} should have been renewed, and ends in ${days} days`, {
      meaning: 'the server does not renew it, or could not; its log says why',
      remedy,
    });
  }
  if (source !== 'imported' || days > IMPORTED_SOON_DAYS) return undefined;
  return warn(`${file} ends in ${days} days`, { meaning: 'nobody renews it by itself', remedy });
}

export function judgeAuthority(
  authority: { readonly notAfter: number } | undefined,
  now: number,
): Finding | undefined {
  const days = daysUntil(authority?.notAfter ?? Infinity, now);
  if (days > AUTHORITY_SOON_DAYS) return undefined;
  return warn(`the authority ends in ${days} days`, {
    meaning: 'with it ends every certificate of it, and clients have to trust the next one before',
    remedy:
      '`portolan ca init --force-new` with all its names, then as docs/one-box.md has it, "A new authority"',
  });
}

export const certificates: Check = onMachine({
  name: 'certificates',
  topic: 'network',
  async run({ settings, clock }) {
    const { directories, acme } = settings.tls;
    const { certificates: listed, unreadable } = await listCertificates(
      directories.certificates,
      clock(),
    );
    const broken = unreadable.map(({ file, error }) =>
      fail(`${file} cannot be used: ${reasonOf(error)}`, {
        meaning: 'a running server keeps the one of before, and one that starts has none',
        remedy: 'put a PEM file with the chain and then the key there, or remove it',
      }),
    );
    const authority = await findAuthority(directories.authority);
    const judged = [
      ...listed.map((one) => judgeCertificate(one, clock())),
      judgeAuthority(authority, clock()),
    ];
    const found = [...broken, ...judged.filter((one) => one !== undefined)];
    if (found.length > 0) return found;
    const needsOne = settings.listen.some(({ scheme }) => scheme === 'https');
    if (listed.length > 0) return ok(listed.map(({ file }) => file).join(', '));
    if (!needsOne) return skipped('none here: no `https` listener');
    if (acme !== undefined) return skipped('the ACME server has issued none yet');
    return fail(`there is none in ${directories.certificates}`, {
      meaning: 'the server does not start its `https` listener',
      remedy:
        '`portolan ca init && portolan ca issue NAME`, or `portolan ca import CERTIFICATE KEY`',
    });
  },
});
