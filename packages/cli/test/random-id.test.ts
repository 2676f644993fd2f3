import { expect, it } from 'vitest';
import { randomId } from '../src/random-id.ts';

it('gives ids of 32 hex digits, none twice, over several blocks', () => {
  const ids = Array.from({ length: 2000 }, randomId);
  expect(ids.every((id) => /^[0-9a-f]{32}$/.test(id))).toBe(true);
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids).not.toContain('0'.repeat(32));
});
