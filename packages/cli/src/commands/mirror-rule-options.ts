// How rules are told on the command line: the options of `portolan mirror add`, which say what a line of the
// rules file says, and the words that the other commands share.
import type { RuleSettings } from '@portolan/mirror';
import { type Command, InvalidArgumentError } from 'commander';
import { collectText } from './repeated-option.ts';

/** Which rules a command is about; all when none is given. */
export const SELECTORS = '[selector...]';

export interface RuleOptions {
  readonly to?: string;
  readonly tags?: readonly string[];
  readonly digest?: readonly string[];
  readonly regex?: readonly string[];
  readonly semver?: string;
  readonly exclude?: readonly string[];
  readonly newest?: number;
  readonly platform?: readonly string[];
  readonly schedule?: string;
  readonly referrers: boolean;
  readonly pruneAfter?: number;
}

/** A variable that is not set must not make a rule for everything. */
function refuseEmpty(): never {
  throw new InvalidArgumentError('It is empty; leave the option out to take all.');
}

function splitList(text: string, before: readonly string[] = []): readonly string[] {
  const words = text.split(',').map((word) => word.trim());
  const given = words.filter((word) => word !== '');
  return given.length === 0 ? refuseEmpty() : [...before, ...given];
}

function collectExpression(text: string, before?: readonly string[]): readonly string[] {
  return text === '' ? refuseEmpty() : collectText(text, before);
}

export function parseCount(text: string): number {
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It is a whole number of 1 or more.');
}

export function parseDays(text: string): number {
  if (/^\d{1,5}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It is a whole number of days.');
}

export function addRuleOptions(command: Command): Command {
  return command
    .option('--to <repository>', 'destination here; without it <upstream host>/<path>')
    .option('--tags <tags>', 'these tags, separated by commas; may be repeated', splitList)
    .option('--digest <digest>', 'this manifest; may be repeated', splitList)
    .option(
      '--regex <expression>',
      'tags that match, in RE2 syntax; may be repeated',
      collectExpression,
    )
    .option('--semver <range>', "tags that are versions in the range, such as '>=1.36 <2'")
    .option(
      '--exclude <expression>',
      'of those, not what matches; may be repeated',
      collectExpression,
    )
    .option('--newest <number>', 'of those, only so many', parseCount)
    .option('--platform <platforms>', 'only these, such as linux/amd64,linux/arm64', splitList)
    .option('--schedule <cron>', 'when `serve` runs it, such as "0 */6 * * *" or @daily')
    .option('--no-referrers', 'leave out referrers and cosign tags')
    .option('--prune-after <days>', 'remove tags that vanished upstream so long ago', parseDays);
}

/** @throws MirrorError `request-invalid` with every mistake */
export async function readRuleOptions(options: RuleOptions): Promise<RuleSettings> {
  const { parseRuleSettings } = await import('@portolan/mirror');
  const { tags, digest, regex, semver, exclude, newest, platform, schedule, referrers } = options;
  const { pruneAfter } = options;
  return parseRuleSettings({
    tags,
    digests: digest,
    regex,
    semver,
    exclude,
    newest,
    platforms: platform,
    schedule,
    referrers,
    prune: pruneAfter === undefined ? undefined : { after_days: pruneAfter },
  });
}
