/** The lines of the log at level `error` or above: what a client saw as a 500, with its cause. */
export function loggedErrors(logs: string): string[] {
  return logs.split('\n').filter((line) => /^\{"level":[56]0,/.test(line));
}
