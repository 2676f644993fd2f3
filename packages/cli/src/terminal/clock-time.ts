// Times of today as people read them.

const HOUR_AND_MINUTE = { hour: '2-digit', minute: '2-digit', hour12: false } as const;

/** In the time zone of the reader: `14:20`. */
export function clockTime(milliseconds: number): string {
  return new Date(milliseconds).toLocaleTimeString('en-GB', HOUR_AND_MINUTE);
}
