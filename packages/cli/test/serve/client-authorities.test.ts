// `/ca.crt` is for anybody, and costs a look at every certificate: how often that look is taken.
import { createAuthority, issueIntoDirectory } from '@portolan/tls';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createReadAuthorities } from '../../src/serve/client-authorities.ts';
import { scratchDirectory } from './start-server.ts';

async function replaceableAuthority() {
  const root = scratchDirectory();
  const directories = { authority: join(root, 'ca'), certificates: join(root, 'tls') };
  const time = { now: Date.now() };
  const clock = (): number => time.now;
  const make = (isForced: boolean) =>
    createAuthority(
      { directory: directories.authority, clock },
      { domains: ['registry.test'], networks: [], isForced },
    );
  const read = createReadAuthorities({ directories, clock });
  const count = async (): Promise<number> => (await read()).length;
  const issue = () =>
    issueIntoDirectory({ directories, clock }, { names: ['registry.test'], days: 90 });
  return { time, make, issue, read, count };
}

it('looks again only after a second, and at once when the clock was set back', async () => {
  const { time, make, issue, count } = await replaceableAuthority();
  expect(await count()).toBe(0);
  await make(false);
  await issue();
  expect(await count()).toBe(0);
  time.now += 1000;
  expect(await count()).toBe(1);
  await make(true);
  time.now += 999;
  expect(await count()).toBe(1);
  time.now -= 60_000;
  expect(await count()).toBe(2);
});

it('takes one look for all who ask meanwhile', async () => {
  const { make, read } = await replaceableAuthority();
  await make(false);
  const [first, second] = [read(), read()];
  expect(second).toBe(first);
  expect(await first).toHaveLength(1);
});
