import { X509Certificate } from 'node:crypto';
import { chmodSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { listRetiredAuthorities } from '../../src/authority/authority.ts';
import { DAY_MS, findAuthority, openAuthority } from '../../src/index.ts';
import { openDirectories } from '../fixtures/directories.ts';

it('is made with its limits in it, for ten years, and read again', async () => {
  const { init, directories, clock } = openDirectories();
  const made = await init(['registry.lan'], ['10.0.0.0/8', 'fd00::/8']);
  const again = await openAuthority(directories.authority);
  expect(again).toEqual(made);
  expect(again.constraints).toEqual({
    domains: ['registry.lan'],
    networks: ['10.0.0.0/8', 'fd00::/8'],
  });
  expect(Math.round((made.notAfter - clock()) / DAY_MS)).toBe(3650);
  expect(new X509Certificate(made.pem).ca).toBe(true);
});

it('has a certificate for everybody and a key for its owner', async () => {
  const { init, directories } = openDirectories();
  const { pem } = await init(['registry.lan']);
  const modeOf = (name: string) => statSync(join(directories.authority, name)).mode & 0o777;
  expect([modeOf('ca.crt'), modeOf('ca.key')]).toEqual([0o644, 0o600]);
  expect(readFileSync(join(directories.authority, 'ca.crt'), 'utf8')).toBe(pem);
  expect(await findAuthority(directories.authority)).toMatchObject({ pem });
});

it('is not replaced unless forced to, and then kept aside', async () => {
  const { init, directories } = openDirectories();
  const first = await init(['registry.lan']);
  await expect(init(['registry.lan'])).rejects.toMatchObject({ code: 'authority-exists' });
  const second = await init(['registry.lan'], [], true);
  expect(second.fingerprint).not.toBe(first.fingerprint);
  expect(second.name).not.toBe(first.name);
  const retired = readdirSync(directories.authority).filter((name) => name.startsWith('retired-'));
  const kept = retired.map((name) => readFileSync(join(directories.authority, name), 'utf8'));
  expect(kept).toEqual([first.key + first.certificate]);
});

it('is one, however many make it at the same time', async () => {
  const { init, directories } = openDirectories();
  const tries = await Promise.allSettled(Array.from({ length: 8 }, () => init(['registry.lan'])));
  const made = tries.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  expect(made).toHaveLength(1);
  expect(await openAuthority(directories.authority)).toEqual(made[0]);
  const failed = tries.filter(({ status }) => status === 'rejected');
  expect(failed).toMatchObject(failed.map(() => ({ reason: { code: 'authority-exists' } })));
});

async function openWithoutKey() {
  const place = openDirectories();
  const made = await place.init(['registry.lan'], ['10.0.0.0/8']);
  const pathOf = (name: string) => join(place.directories.authority, name);
  rmSync(pathOf('ca.key'));
  return { ...place, made, pathOf };
}

describe('one whose key is elsewhere', () => {
  it('is not replaced, and whoever needs the key is told that it is missing', async () => {
    const { init, issue, directories, made, pathOf } = await openWithoutKey();
    const missing = {
      code: 'authority-invalid',
      message: `the authority's key is missing: ${pathOf('ca.key')}`,
      detail: {
        hint: expect.stringMatching(
          /^restore it, .*`portolan ca init --force-new --name registry\.lan --ip 10\.0\.0\.0\/8`$/,
        ),
      },
    };
    await expect(init(['registry.lan'])).rejects.toMatchObject(missing);
    await expect(issue(['registry.lan'])).rejects.toMatchObject(missing);
    await expect(openAuthority(directories.authority)).rejects.toMatchObject(missing);
    expect(readdirSync(directories.authority)).toEqual(['ca.crt']);
    expect(await findAuthority(directories.authority)).toMatchObject({ pem: made.pem });
    writeFileSync(pathOf('ca.key'), made.key + made.certificate, { mode: 0o600 });
    expect(await openAuthority(directories.authority)).toEqual(made);
  });

  it('is not replaced either when its certificate is damaged', async () => {
    const { init, pathOf } = await openWithoutKey();
    writeFileSync(pathOf('ca.crt'), 'damaged');
    await expect(init(['registry.lan'])).rejects.toMatchObject({ code: 'authority-invalid' });
    expect(readFileSync(pathOf('ca.crt'), 'utf8')).toBe('damaged');
  });

  it('is kept aside when another one is forced', async () => {
    const { init, directories, clock, made } = await openWithoutKey();
    const next = await init(['registry.lan'], [], true);
    const directory = directories.authority;
    expect(await findAuthority(directory)).toMatchObject({ pem: next.pem });
    const retired = await listRetiredAuthorities({ directory, clock });
    expect(retired.map(({ fingerprint }) => fingerprint)).toEqual([made.fingerprint]);
  });
});

it('loses no key that it has shown, however many replace it at the same time', async () => {
  const { init, directories } = openDirectories();
  await init(['registry.lan']);
  const tries = await Promise.allSettled(
    Array.from({ length: 8 }, () => init(['registry.lan'], [], true)),
  );
  const files = readdirSync(directories.authority).filter((name) => name.endsWith('.key'));
  const kept = files.map((name) => readFileSync(join(directories.authority, name), 'utf8'));
  const made = tries.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  expect(made.length).toBeGreaterThan(0);
  for (const { key, certificate } of made) expect(kept).toContain(key + certificate);
  expect(readdirSync(directories.authority).filter((name) => name.startsWith('.'))).toEqual([]);
});

it('writes the certificate for clients again after a crash before it was there', async () => {
  const { init, directories } = openDirectories();
  const { pem } = await init(['registry.lan']);
  rmSync(join(directories.authority, 'ca.crt'));
  await openAuthority(directories.authority);
  expect(await findAuthority(directories.authority)).toMatchObject({ pem });
});

it('shows its certificate alone, though somebody put the key beside it', async () => {
  const { init, directories } = openDirectories();
  const { pem, key } = await init(['registry.lan']);
  const path = join(directories.authority, 'ca.crt');
  writeFileSync(path, key + pem);
  expect(await findAuthority(directories.authority)).toMatchObject({ pem });
  writeFileSync(path, key);
  await expect(findAuthority(directories.authority)).rejects.toMatchObject({
    code: 'authority-invalid',
  });
});

it.each<[string, (path: string) => void]>([
  ['others can read', (path) => chmodSync(path, 0o640)],
  ['is cut off', (path) => writeFileSync(path, readFileSync(path).subarray(0, 100))],
  ['is empty', (path) => writeFileSync(path, '')],
])('is not used when its key %s', async (_what, damage) => {
  const { init, issue, directories } = openDirectories();
  await init(['registry.lan']);
  damage(join(directories.authority, 'ca.key'));
  await expect(issue(['registry.lan'])).rejects.toMatchObject({
    code: 'authority-invalid',
    detail: { hint: expect.stringContaining('--force-new') },
  });
});

it('issues nothing once it has expired, and nothing that outlives it', async () => {
  const { init, issue, pass } = openDirectories();
  const { notAfter } = await init(['registry.lan']);
  pass(3600 * DAY_MS);
  expect((await issue(['registry.lan'])).notAfter).toBe(Math.floor(notAfter / 1000) * 1000);
  pass(60 * DAY_MS);
  await expect(issue(['registry.lan'])).rejects.toMatchObject({ code: 'authority-invalid' });
});
