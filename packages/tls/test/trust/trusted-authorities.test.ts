// Which authorities clients are given, and that one that was replaced never signs again.
import { X509Certificate } from 'node:crypto';
import { copyFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import {
  authoritiesForClients,
  createIssuedContexts,
  DAY_MS,
  findTrustedAuthorities,
  hasIssued,
  renewDue,
} from '../../src/index.ts';
import { issueByRecord } from '../../src/certificates/issue-into-directory.ts';
import { openDirectories } from '../fixtures/directories.ts';

const FILE = 'registry.lan.pem';

/** Replaced once, with a certificate that hangs on the first. */
async function openReplaced() {
  const opened = openDirectories();
  const { directories, clock } = opened;
  const old = await opened.init(['registry.lan']);
  await opened.issue(['registry.lan'], 800);
  // The newest is told by its end.
  opened.pass(DAY_MS);
  const made = await opened.init(['registry.lan'], [], true);
  const find = () => findTrustedAuthorities({ directories, clock });
  async function given(): Promise<readonly string[]> {
    const trusted = await find();
    return trusted === undefined ? [] : authoritiesForClients(trusted).map(({ name }) => name);
  }
  const path = join(directories.certificates, FILE);
  const served = () => new X509Certificate(readFileSync(path));
  const retiredFile =
    readdirSync(directories.authority).find((name) => name.startsWith('retired-')) ?? '';
  return { ...opened, old, made, find, given, served, retiredFile };
}

it('gives both while a certificate hangs on the one that was replaced, the new one first', async () => {
  const { old, made, find, given } = await openReplaced();
  expect(await given()).toEqual([made.name, old.name]);
  expect((await find())?.retired).toMatchObject([{ pem: old.pem, certificates: [FILE] }]);
});

it('gives the new one alone once all is renewed, and knows the other', async () => {
  const { old, made, find, given, directories, clock } = await openReplaced();
  await renewDue({ directories, clock }, { isForced: true });
  expect(await given()).toEqual([made.name]);
  expect((await find())?.retired).toMatchObject([{ name: old.name, certificates: [] }]);
});

it.each<[string, (opened: Awaited<ReturnType<typeof openReplaced>>) => unknown]>([
  ['the certificate has ended', ({ pass }) => pass(801 * DAY_MS)],
  ['the authority has ended', ({ pass }) => pass(3651 * DAY_MS)],
  ['the certificate is gone', ({ directories }) => rmSync(join(directories.certificates, FILE))],
  [
    'the certificate cannot be read',
    ({ directories }) => writeFileSync(join(directories.certificates, FILE), 'nothing'),
  ],
  [
    'it was removed',
    ({ directories, retiredFile }) => rmSync(join(directories.authority, retiredFile)),
  ],
  [
    'it is damaged',
    ({ directories, retiredFile }) =>
      writeFileSync(
        join(directories.authority, retiredFile),
        '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n',
      ),
  ],
])('gives the new one alone when %s', async (_what, change) => {
  const opened = await openReplaced();
  change(opened);
  expect(await opened.given()).toEqual([opened.made.name]);
});

it('gives what was replaced twice, as long as certificates hang on each', async () => {
  const { init, issue, old, made, given, pass } = await openReplaced();
  await issue(['other.registry.lan']);
  pass(DAY_MS);
  const third = await init(['registry.lan'], [], true);
  expect(await given()).toEqual([third.name, made.name, old.name]);
});

it('names an authority once after a crash in the middle of the change', async () => {
  const { directories, made, given } = await openReplaced();
  const key = join(directories.authority, 'ca.key');
  writeFileSync(join(directories.authority, 'retired-crash.key'), readFileSync(key));
  rmSync(key);
  expect((await given()).filter((name) => name === made.name)).toHaveLength(1);
});

/** The first one's key is back, over the newer authority; nobody has signed since. */
async function openRestored() {
  const opened = await openReplaced();
  const place = opened.directories.authority;
  copyFileSync(join(place, opened.retiredFile), join(place, 'ca.key'));
  return { ...opened, key: join(place, 'ca.key') };
}

it('gives the authority that issues after its key was restored over a newer one, once', async () => {
  const { old, find, given } = await openRestored();
  expect(await given()).toEqual([old.name]);
  expect(await find()).toMatchObject({ authority: { pem: old.pem }, retired: [] });
});

it.each<[string, (key: string) => void]>([
  ['is elsewhere', (key) => rmSync(key)],
  ['is damaged', (key) => writeFileSync(key, '-----BEGIN CERTIFICATE-----\nAAAA\n')],
  ['has no certificate', (key) => writeFileSync(key, 'nothing')],
])('goes by the certificate beside a key that %s', async (_what, damage) => {
  const { key, made, old, given } = await openRestored();
  damage(key);
  expect(await given()).toEqual([made.name, old.name]);
});

it('signs nothing with a key that was replaced: not what it renews, nor what it makes anew', async () => {
  const { directories, clock, pass, old, made, served, issue } = await openReplaced();
  expect(hasIssued(old, served())).toBe(true);
  await renewDue({ directories, clock }, { isForced: true });
  expect([hasIssued(old, served()), hasIssued(made, served())]).toEqual([false, true]);
  await issue(['registry.lan']);
  expect(hasIssued(made, served())).toBe(true);
  const record = { source: 'authority', names: [], days: 90 } as const;
  rmSync(join(directories.authority, 'ca.key'));
  await expect(issueByRecord({ directories, clock }, 'a', record)).rejects.toMatchObject({
    code: 'authority-invalid',
  });
  pass(DAY_MS);
  const contexts = createIssuedContexts({ directory: directories.authority, clock });
  await expect(contexts.find('registry.lan')).rejects.toMatchObject({ code: 'authority-invalid' });
});
