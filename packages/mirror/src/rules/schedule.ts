// When a rule runs by itself: five cron fields in the server's time zone, or `@hourly` and the like.
import { Cron } from 'croner';
import { mirrorError } from '../errors.ts';

/** Rules of one schedule shall not all start in the same second, here and everywhere else. */
const JITTER_SHARE = 0.1;
const MAX_JITTER_MS = 600_000;

/** @throws MirrorError `request-invalid` */
export function parseSchedule(text: string): Cron {
  try {
    const cron = new Cron(text, { paused: true, mode: '5-part' });
    if (cron.nextRun() === null) throw new Error('it never comes');
    return cron;
  } catch (cause) {
    const hint = 'use five cron fields, such as "0 */6 * * *", or @hourly, @daily, @weekly';
    const schedule = text.slice(0, 100);
    throw mirrorError('request-invalid', 'schedule is malformed', { schedule, hint }, cause);
  }
}

/** The next time after `now`, in milliseconds, moved back by a random part of the interval. */
export function nextRunAt(
  schedule: string | undefined,
  now: number,
  random: () => number,
): number | undefined {
  if (schedule === undefined) return undefined;
  const [first, second] = parseSchedule(schedule).nextRuns(2, new Date(now));
  if (first === undefined) return undefined;
  const interval = second === undefined ? MAX_JITTER_MS : second.getTime() - first.getTime();
  const jitter = Math.min(interval * JITTER_SHARE, MAX_JITTER_MS);
  return first.getTime() + Math.floor(random() * jitter);
}
