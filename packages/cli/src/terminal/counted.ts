// Numbers of things in a sentence: `1 reference`, `2 references`.

export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
