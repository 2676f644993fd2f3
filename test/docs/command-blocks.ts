// The command blocks of a document that are run by its test: those that a comment names, such as
// `<!-- run: export -->`, or `<!-- run: import on inside -->` for another machine than the first. What
// `<!-- serve: a stick as stick.lan:5000 -->` starts goes on to the document's end, under that name.

export interface CommandBlock {
  readonly name: string;
  readonly machine: string;
  readonly script: string;
  /** Of a server, what the document calls its address; undefined of commands that end. */
  readonly address: string | undefined;
}

export const FIRST_MACHINE = 'outside';

const BLOCK =
  /<!-- (?:run|(?<serve>serve)): (?<name>[\w -]+?)(?: on (?<machine>[a-z]+))?(?: as (?<address>[\w.:-]+))? -->\n+```sh\n(?<script>.*?)```/gs;
const MARK = /<!-- (?:run|serve):/g;

export function findCommandBlocks(text: string): readonly CommandBlock[] {
  const blocks = [...text.matchAll(BLOCK)].map(({ groups = {} }) => ({
    name: groups['name'] ?? '',
    machine: groups['machine'] ?? FIRST_MACHINE,
    script: groups['script'] ?? '',
    address: groups['serve'] === undefined ? undefined : (groups['address'] ?? 'registry.lan'),
  }));
  const marks = [...text.matchAll(MARK)].length;
  if (marks !== blocks.length) throw new Error(`${marks - blocks.length} marks have no sh block`);
  return blocks;
}
