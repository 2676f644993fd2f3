// The only place that reads the environment of the process. Everybody else gets what they need.
// Which variables there are: setting-table.ts.

export type Environment = Readonly<Record<string, string | undefined>>;

export function readEnvironment(): Environment {
  return { ...process.env };
}
