// The command blocks of a document that are run by its test: those that a comment names, such as
// `<!-- run: export -->`, or `<!-- run: import on inside -->` for another machine than the first.

export interface CommandBlock {
  readonly name: string;
  readonly machine: string;
  readonly script: string;
}

export const FIRST_MACHINE = 'outside';

const BLOCK =
  /<!-- run: (?<name>[\w -]+?)(?: on (?<machine>[a-z]+))? -->\n+```sh\n(?<script>.*?)```/gs;
const MARK = /<!-- run:/g;

export function findCommandBlocks(text: string): readonly CommandBlock[] {
  const blocks = [...text.matchAll(BLOCK)].map(({ groups = {} }) => ({
    name: groups['name'] ?? '',
    machine: groups['machine'] ?? FIRST_MACHINE,
    script: groups['script'] ?? '',
  }));
  const marks = [...text.matchAll(MARK)].length;
  if (marks !== blocks.length) throw new Error(`${marks - blocks.length} marks have no sh block`);
  return blocks;
}
