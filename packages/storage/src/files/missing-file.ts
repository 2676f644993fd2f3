// Whether an error of the file system says that nothing is there. Of the two ways that can be meant, who
// reads a file wants the first, and who lists a directory or is about to make something the second.

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}

/** There is no such file, be it for a file that stands where a directory of its path should be. */
export function isMissing(error: unknown): boolean {
  return isVacant(error) || codeOf(error) === 'ENOTDIR';
}

/** Nothing is there, nor in the way of what shall be: a file in a directory's place is a mistake to be told. */
export function isVacant(error: unknown): boolean {
  return codeOf(error) === 'ENOENT';
}
