// YAML as Go's library gives it to a program that wants strings: the tag 1.10 stays `1.10`, and is not
// the number 1.1. Whoever wants a boolean or a number reads it from the string.
import { reasonOf } from '@portolan/oci';
import { parseDocument } from 'yaml';

export type YamlMap = Readonly<Record<string, unknown>>;

export function isMap(value: unknown): value is YamlMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function unknownKeys(map: YamlMap, known: readonly string[]): readonly string[] {
  return Object.keys(map).filter((key) => !known.includes(key));
}

/** Of several lines, in which the parser shows where. */
export function yamlMistake({ message }: Error): string {
  return (message.split('\n')[0] ?? message).replace(/:$/, '');
}

/** Anchors may not multiply without end. */
const MAX_ALIASES = 100;

export interface YamlText {
  /** Maps, lists and strings; an absent value is ''. */
  readonly value: unknown;
  readonly problems: readonly string[];
}

export function parseYamlText(text: string): YamlText {
  const document = parseDocument(text, { schema: 'failsafe', merge: true, prettyErrors: true });
  // The others follow from it, and a file that is something else has hundreds.
  const [first] = document.errors;
  if (first !== undefined) {
    return { value: undefined, problems: [`the file is not YAML: ${yamlMistake(first)}`] };
  }
  try {
    return { value: document.toJS({ maxAliasCount: MAX_ALIASES }) as unknown, problems: [] };
  } catch (error) {
    return { value: undefined, problems: [reasonOf(error)] };
  }
}
