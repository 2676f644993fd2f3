// What a rule says beside its upstream and destination, and how it is kept: as the JSON of one column.
import { Digest, Tag } from '@portolan/oci';
import { z } from 'zod';
import { mirrorError } from '../errors.ts';
import { parseExpression } from '../selection/expression.ts';
import { parsePlatform } from '../selection/platform.ts';
import type { TagSelection } from '../selection/tag-selection.ts';
import { parseRange } from '../selection/version.ts';
import { mistakeIn, mistakeWords } from './rule-mistakes.ts';
import { parseSchedule } from './schedule.ts';

export interface PruneSettings {
  /** A tag that has vanished upstream for so many days is removed here by `prune`. */
  readonly after_days: number;
  /** Of the tags that the rule has here, at most this share in one run. */
  readonly max_share: number;
}

/** Keys as in the YAML file. */
export interface RuleSettings extends TagSelection {
  /** `linux/arm64/v8`; absent takes all. */
  readonly platforms?: readonly string[];
  readonly schedule?: string;
  readonly referrers: boolean;
  readonly prune?: PruneSettings;
}

const DEFAULT_SHARE = 0.2;
const MAX_ENTRIES = 1000;

/** A check of the domain's own, as one of the schema. */
function checked<T>(parse: (text: string) => T) {
  return z.string().transform((text, context): T => {
    try {
      return parse(text);
    } catch (error) {
      context.addIssue({ code: 'custom', message: mistakeIn(text, error) });
      return z.NEVER;
    }
  });
}

/** Keeps the text of what can be parsed. */
function parsable(parse: (text: string) => unknown) {
  return checked((text) => {
    parse(text);
    return text;
  });
}

/** Without quotes YAML reads the tag `1.10` as the number 1.1. */
const WORD = z.string({
  error: ({ input }) =>
    typeof input === 'number' ? `put quotes around ${input}, so that it is no number` : undefined,
});

/** What is empty would take everything, and may be a variable that is not set. */
const LEAVE_OUT = 'is empty; leave it out to take all';

/** One as a word, several as a list. */
function listOf<T>(entry: z.ZodType<T, string>) {
  const words = z.array(WORD.pipe(entry)).min(1, LEAVE_OUT).max(MAX_ENTRIES);
  return z.preprocess((value) => (Array.isArray(value) ? value : [value]), words);
}

const EXPRESSION = parsable(parseExpression);
const STATED_EXPRESSION = z.string().min(1, LEAVE_OUT).pipe(EXPRESSION);

const SHARE = z.union(
  [
    z.number().gt(0).max(1),
    z
      .string()
      .regex(/^(?:100|[1-9][0-9]?) ?%$/)
      .transform((text) => Number.parseInt(text, 10) / 100),
  ],
  { error: 'is not a share such as 0.2 or 20%' },
);

/** As they are written now. */
export const RULE_SETTINGS = {
  tags: listOf(checked(Tag.parse)).optional(),
  digests: listOf(checked(Digest.parse)).optional(),
  regex: listOf(STATED_EXPRESSION).optional(),
  semver: WORD.pipe(parsable(parseRange)).optional(),
  exclude: listOf(STATED_EXPRESSION).optional(),
  newest: z.int().min(1).max(100_000).optional(),
  platforms: listOf(parsable(parsePlatform)).optional(),
  schedule: parsable(parseSchedule).optional(),
  referrers: z.boolean().default(true),
  prune: z
    .strictObject({
      after_days: z.number().min(0).max(36_500),
      max_share: SHARE.default(DEFAULT_SHARE),
    })
    .optional(),
} as const;

/** A rule that was stored with an empty expression runs on as it did. */
const SCHEMA = z.strictObject({
  ...RULE_SETTINGS,
  regex: listOf(EXPRESSION).optional(),
  exclude: listOf(EXPRESSION).optional(),
});

/** Without the keys that say nothing. */
export function withoutUndefined<T extends object>(value: T): T {
  const entries = Object.entries(value).filter(
    ([, entry]) => entry !== undefined && !(Array.isArray(entry) && entry.length === 0),
  );
  return Object.fromEntries(entries) as T;
}

function problemsOf(error: z.ZodError): string {
  return error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ');
}

/** From options, or from the database. @throws MirrorError `request-invalid` with every mistake */
export function parseRuleSettings(value: unknown): RuleSettings {
  const parsed = SCHEMA.safeParse(value, { error: mistakeWords });
  if (parsed.success) return withoutUndefined(parsed.data) as RuleSettings;
  throw mirrorError('request-invalid', `the rule cannot be taken: ${problemsOf(parsed.error)}`);
}
