// How long a certificate still holds, in whole days, and from when on people should know.

export const DAY_MS = 86_400_000;

/** Shorter than the last third of 90 days, in which certificates are renewed: something has failed then. */
export const SOON_DAYS = 14;

/** Of the authority: every client has to trust the next one before. */
export const AUTHORITY_SOON_DAYS = 365;

/** Negative when it has ended. */
export function daysUntil(notAfter: number, now: number): number {
  return Math.floor((notAfter - now) / DAY_MS);
}
