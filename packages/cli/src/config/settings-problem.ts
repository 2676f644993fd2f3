// All that is wrong with the settings, in one message.

/** Where a setting was given: `PORTOLAN_LISTEN`, `--data-dir`, or a line of the file. */
export interface Origin {
  readonly name: string;
  readonly place: string;
}

export interface SettingsProblem {
  readonly origin: Origin;
  /** What is wrong and what to do, as sentences. */
  readonly text: string;
}

export class SettingsError extends Error {
  override readonly name = 'SettingsError';
  readonly problems: readonly SettingsProblem[];

  constructor(problems: readonly SettingsProblem[]) {
    const lines = problems.map(
      ({ origin, text }) => `  - ${origin.name} (${origin.place}): ${text}`,
    );
    const count = problems.length === 1 ? 'One setting is' : `${problems.length} settings are`;
    super([`${count} wrong:`, ...lines].join('\n'));
    this.problems = problems;
  }
}
