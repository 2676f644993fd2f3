// Times in answers of commands.

/** RFC 3339 in UTC, to the second. */
export function timestamp(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 19)}Z`;
}

/** JSON has no undefined. */
export function optionalTimestamp(milliseconds: number | undefined): string | null {
  return milliseconds === undefined ? null : timestamp(milliseconds);
}
