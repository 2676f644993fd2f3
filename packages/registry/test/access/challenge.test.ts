import { UpstreamHost } from '@portolan/oci';
import { describe, expect, it } from 'vitest';
import { challengeOfView } from '../../src/access/challenge.ts';

const SERVICE = 'registry.test';

describe('the realm on a view', () => {
  it.each([
    ['https://r.test/token', 'docker.io', 'https://r.test/token?ns=docker.io'],
    ['https://r.test/token?tenant=a', 'docker.io', 'https://r.test/token?tenant=a&ns=docker.io'],
    ['https://r.test/token?ns=old', 'docker.io', 'https://r.test/token?ns=docker.io'],
    ['https://r.test/token', 'localhost:5000', 'https://r.test/token?ns=localhost%3A5000'],
    ['https://r.test/token?tenant=a', undefined, 'https://r.test/token?tenant=a'],
  ])('%s of %s is %s', (realm, view, expected) => {
    const host = view === undefined ? undefined : UpstreamHost.find(view);
    expect(challengeOfView({ realm, service: SERVICE }, host)).toEqual({
      realm: expected,
      service: SERVICE,
    });
  });
});
