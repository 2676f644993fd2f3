// The global namespace has no name of its own; on the command line it is written `_`, which no other
// namespace can be called.

const GLOBAL = '_';

export const GLOBAL_NAMESPACE_HELP = `
The global namespace, that of repositories without a slash in their name, is written ${GLOBAL}.`;

export function readNamespace(argument: string): string {
  return argument === GLOBAL ? '' : argument;
}

export function writtenNamespace(name: string): string {
  return name === '' ? GLOBAL : name;
}
