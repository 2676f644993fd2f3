// The facts of a refusal, of which there may be thousands.

const MAX_LISTED = 20;

export function listed<T>(items: readonly T[], most: number = MAX_LISTED): readonly (T | string)[] {
  const rest = items.length - most;
  return rest > 0 ? [...items.slice(0, most), `and ${rest} more`] : items;
}
