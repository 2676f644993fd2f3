// Go's durations (`90m`, `1h30m`), and those of them that cron can say.

const UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};
const MINUTE = 60_000;
const MINUTES_A_DAY = 1440;

/** Milliseconds; undefined for what Go would not take. */
export function parseDuration(text: string): number | undefined {
  if (!/^(?:\d+(?:\.\d+)?(?:ms|s|m|h))+$/.test(text)) return undefined;
  let sum = 0;
  for (const [, amount = '', unit = ''] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)) {
    sum += Number(amount) * (UNITS[unit] ?? 0);
  }
  return sum;
}

/** Five cron fields that come as often; undefined when none do. */
export function cronOfInterval(text: string): string | undefined {
  const milliseconds = parseDuration(text);
  if (milliseconds === undefined || milliseconds % MINUTE !== 0) return undefined;
  const minutes = milliseconds / MINUTE;
  if (minutes === MINUTES_A_DAY) return '0 0 * * *';
  if (minutes === 7 * MINUTES_A_DAY) return '0 0 * * 0';
  if (minutes >= 1 && minutes < 60 && 60 % minutes === 0) return `*/${minutes} * * * *`;
  const hours = minutes / 60;
  if (hours === 1) return '0 * * * *';
  return Number.isInteger(hours) && 24 % hours === 0 ? `0 */${hours} * * *` : undefined;
}
