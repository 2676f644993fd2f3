// Which names are this machine's, and which only look like it.
import { describe, expect, it } from 'vitest';
import { isLoopback } from '../../src/config/loopback-host.ts';

describe('this machine', () => {
  it.each(['localhost', 'localhost:5000', '127.0.0.1', '127.1.2.3:80', '[::1]:5000'])(
    'is %s',
    (host) => {
      expect(isLoopback(host)).toBe(true);
    },
  );

  it.each(['127.0.0.1.example', 'localhost.example', '10.0.0.1', '[::2]', '1270.0.0.1'])(
    'is not %s',
    (host) => {
      expect(isLoopback(host)).toBe(false);
    },
  );
});
