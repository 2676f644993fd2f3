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

/** One as a word, several as a list. */
function listOf<T>(entry: z.ZodType<T, string>) {
  const words = z.array(WORD.pipe(entry)).max(MAX_ENTRIES);
  return z.preprocess((value) => (Array.isArray(value) ? value : [value]), words);
}

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

export const RULE_SETTINGS = {
  tags: listOf(checked(Tag.parse)).optional(),
  digests: listOf(checked(Digest.parse)).optional(),
  regex: listOf(parsable(parseExpression)).optional(),
  semver: WORD.pipe(parsable(parseRange)).optional(),
  exclude: listOf(parsable(parseExpression)).optional(),
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

const SCHEMA = z.strictObject(RULE_SETTINGS);

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
