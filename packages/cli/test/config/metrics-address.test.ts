import { describe, expect, it } from 'vitest';
import { metricsAddress, metricsUrl } from '../../src/config/metrics-address.ts';

describe('where metrics are served', () => {
  it.each([
    ['9090', 'http://127.0.0.1:9090/metrics'],
    [9090, 'http://127.0.0.1:9090/metrics'],
    ['0.0.0.0:9090', 'http://0.0.0.0:9090/metrics'],
    ['localhost:0', 'http://localhost:0/metrics'],
    ['[::1]:9090', 'http://[::1]:9090/metrics'],
  ])('%s is %s', (given, url) => {
    expect(metricsUrl(metricsAddress().parse(given))).toBe(url);
  });

  it.each(['', ':9090', '65536', 'host', 'a b:1', '[1.2.3.4]:1', 'http://a:1', 'unix:/a', '1:2:3'])(
    'is not %j',
    (given) => {
      expect(metricsAddress().safeParse(given).success).toBe(false);
    },
  );
});
