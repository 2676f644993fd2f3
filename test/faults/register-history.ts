// A tag as a register: writes with distinct values and reads, each with the time it was sent and the
// time it was answered. Says where no order of them explains what was read (linearizability).

export interface Operation {
  readonly kind: 'write' | 'read';
  readonly value: string;
  readonly sentAt: number;
  readonly answeredAt: number;
}

const before = (a: Operation, b: Operation): boolean => a.answeredAt < b.sentAt;

/** Sentences, one for each read that cannot be explained. */
export function violationsOf(history: readonly Operation[]): string[] {
  const writes = new Map(
    history.filter(({ kind }) => kind === 'write').map((write) => [write.value, write]),
  );
  const reads = history.filter(({ kind }) => kind === 'read');
  const violations: string[] = [];
  for (const read of reads) {
    const write = writes.get(read.value);
    if (write === undefined || before(read, write)) {
      violations.push(`${read.value} was read before it was written`);
      continue;
    }
    for (const later of writes.values()) {
      if (before(write, later) && before(later, read)) {
        violations.push(`${read.value} was read after ${later.value} had replaced it`);
      }
    }
    for (const earlier of reads) {
      const seen = writes.get(earlier.value);
      if (seen !== undefined && before(earlier, read) && before(write, seen)) {
        violations.push(`${read.value} was read after the newer ${earlier.value}`);
      }
    }
  }
  return violations;
}
