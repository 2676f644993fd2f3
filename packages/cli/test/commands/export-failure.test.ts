import { DomainError } from '@portolan/oci';
import { expect, it } from 'vitest';
import { requireComplete } from '../../src/commands/export-failure.ts';

const failures = (...codes: (string | undefined)[]) =>
  codes.map((code, i) => ({
    name: `docker.io/library/app:${i}`,
    error: code === undefined ? new Error('odd') : new DomainError(code, 'no'),
  }));

it.each<[string, (string | undefined)[], number]>([
  ['an image that is not there', ['upstream-absent'], 1],
  ['something odd', [undefined], 1],
  ["an upstream's limit", ['upstream-absent', 'upstream-limited', 'upstream-limited'], 75],
  ['content that is not what its digest says', ['upstream-limited', 'upstream-corrupt'], 4],
])('ends an export for %s (%j) with %d', (_what, codes, exitCode) => {
  const result = { failed: failures(...codes), document: undefined };
  expect(() => requireComplete(result)).toThrow(
    expect.objectContaining({ exitCode, message: expect.stringContaining('nothing was written') }),
  );
});

it('is content with an export that has all', () => {
  expect(() => requireComplete({ failed: [], document: undefined })).not.toThrow();
});
