// Which key signs now, and which are published: a matter of the clock alone, so that a rotation needs
// no restart and every process decides alike.
import type { SigningKey } from '@portolan/storage';

function byActivation(a: SigningKey, b: SigningKey): number {
  return a.activatesAt - b.activatesAt || (a.kid < b.kid ? 1 : -1);
}

/**
 * The newest of those that may sign already; the kid settles a tie in every process alike. When none
 * may, the clock was set back, and the oldest signs: nobody could log in otherwise.
 */
export function activeKeyOf(keys: readonly SigningKey[], now: number): SigningKey | undefined {
  const published = keys.filter((key) => isPublished(key, now)).sort(byActivation);
  return published.findLast((key) => key.activatesAt <= now) ?? published[0];
}

export function isPublished(key: SigningKey, now: number): boolean {
  return key.retiresAt === undefined || key.retiresAt > now;
}
