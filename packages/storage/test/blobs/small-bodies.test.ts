import { expect, it } from 'vitest';
import { createSmallBodies } from '../../src/blobs/small-bodies.ts';

const body = (size: number) => Buffer.alloc(size);

it('forgets what was used longest ago when it holds too much', () => {
  const bodies = createSmallBodies(100);
  bodies.add('a', body(40));
  bodies.add('b', body(40));
  bodies.find('a');
  bodies.add('c', body(40));
  expect(['a', 'b', 'c'].map((file) => bodies.find(file) !== undefined)).toEqual([
    true,
    false,
    true,
  ]);
});

it('counts a body that is added twice once', () => {
  const bodies = createSmallBodies(100);
  bodies.add('a', body(60));
  bodies.add('a', body(60));
  expect(bodies.find('a')).toHaveLength(60);
});
