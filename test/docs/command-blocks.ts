// The command blocks of a document. A comment before each says what becomes of it:
//
//   <!-- run: export -->                      the document's test runs it
//   <!-- run: import on inside -->            on another machine than the first
//   <!-- serve: a stick as stick.lan:5000 --> what it starts goes on to the document's end, under that name
//   <!-- instead: start on box; why -->       the test does the same in its own way
//   <!-- not run: why -->                     nobody does

export interface CommandBlock {
  readonly name: string;
  readonly machine: string;
  readonly script: string;
  /** Of a server, what the document calls its address; undefined of commands that end. */
  readonly address: string | undefined;
  /** Whether the test does it in its own way. */
  readonly isReplaced: boolean;
}

export const FIRST_MACHINE = 'outside';

const BLOCK =
  /<!-- (?:run|(?<serve>serve)|(?<instead>instead)): (?<name>[\w -]+?)(?: on (?<machine>[a-z]+))?(?: as (?<address>[\w.:-]+))?(?:; [^\n]+)? -->\n+```sh\n(?<script>.*?)```/gs;
const MARK = /<!-- (?:run|serve|instead):/g;

const FENCE = /^( *)```(\w*)\n(.*?)^ *```$/gms;
const REASONED =
  /<!-- (?:run: [\w -]+|serve: [\w .:-]+|instead: [^;\n]+; \S.+|not run: \S.+) -->\n+$/;

export function findCommandBlocks(text: string): readonly CommandBlock[] {
  const blocks = [...text.matchAll(BLOCK)].map(({ groups = {} }) => ({
    name: groups['name'] ?? '',
    machine: groups['machine'] ?? FIRST_MACHINE,
    script: groups['script'] ?? '',
    address: groups['serve'] === undefined ? undefined : (groups['address'] ?? 'registry.lan'),
    isReplaced: groups['instead'] !== undefined,
  }));
  const marks = [...text.matchAll(MARK)].length;
  if (marks !== blocks.length) throw new Error(`${marks - blocks.length} marks have no sh block`);
  return blocks;
}

/** First lines of the blocks of shell commands that no comment says anything of. */
export function findUnmarkedBlocks(text: string): readonly string[] {
  return [...text.matchAll(FENCE)]
    .filter(([, , language = '']) => ['sh', 'bash', 'shell', 'console'].includes(language))
    .filter(({ index }) => !REASONED.test(text.slice(0, index)))
    .map(([, , , script = '']) => script.split('\n', 1)[0] ?? '');
}
