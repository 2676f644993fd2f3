import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { certificateBlocks, keyBlock } from '../../src/certificates/certificate-pem.ts';
import {
  CertificateName,
  DAY_MS,
  isRenewalDue,
  listCertificates,
  type RenewalDeps,
  renewDue,
} from '../../src/index.ts';
import { openDirectories } from '../fixtures/directories.ts';

type Place = ReturnType<typeof openDirectories>;

async function fingerprintOf({ directories, clock }: Place, file: string) {
  const { certificates } = await listCertificates(directories.certificates, clock());
  return certificates.find((one) => one.file === file)?.fingerprint;
}

describe('a certificate of the authority', () => {
  it('is renewed when the last third of its life has begun, with a fresh key', async () => {
    const place = openDirectories();
    await place.init(['registry.lan']);
    const { path, fingerprint } = await place.issue(['registry.lan', '*.registry.lan'], 90);
    const key = keyBlock(readFileSync(path, 'utf8'));
    place.pass(59 * DAY_MS);
    expect(await isRenewalDue(place)).toBe(false);
    expect(await renewDue(place)).toMatchObject([{ outcome: 'not due' }]);
    place.pass(2 * DAY_MS);
    expect(await isRenewalDue(place)).toBe(true);
    expect(await renewDue(place)).toEqual([{ file: 'registry.lan.pem', outcome: 'renewed' }]);
    expect(await fingerprintOf(place, 'registry.lan.pem')).not.toBe(fingerprint);
    expect(keyBlock(readFileSync(path, 'utf8'))).not.toBe(key);
    const { certificates } = await listCertificates(place.directories.certificates, place.clock());
    expect(certificates).toMatchObject([{ names: ['registry.lan', '*.registry.lan'] }]);
    expect(await isRenewalDue(place)).toBe(false);
  });

  it('is made anew when its file is damaged, and left alone when somebody removes it', async () => {
    const place = openDirectories();
    await place.init(['registry.lan']);
    const { path } = await place.issue(['registry.lan']);
    writeFileSync(path, 'nothing');
    expect(await renewDue(place)).toMatchObject([{ outcome: 'renewed' }]);
    rmSync(path);
    expect(await isRenewalDue(place)).toBe(false);
    expect(await renewDue(place)).toMatchObject([{ outcome: 'not due' }]);
  });

  it('stays as it is when the authority may not issue it any more', async () => {
    const place = openDirectories();
    await place.init(['registry.lan']);
    const { fingerprint } = await place.issue(['registry.lan']);
    await place.init(['other.lan'], [], true);
    expect(await renewDue(place, { isForced: true })).toMatchObject([
      { outcome: 'failed', error: { code: 'name-refused' } },
    ]);
    expect(await fingerprintOf(place, 'registry.lan.pem')).toBe(fingerprint);
  });

  it('hinders no other when its record is damaged', async () => {
    const place = openDirectories();
    await place.init(['registry.lan']);
    await place.issue(['a.registry.lan']);
    await place.issue(['b.registry.lan']);
    const record = join(place.directories.certificates, 'renewal', 'a.registry.lan.json');
    writeFileSync(record, '{"source":"authority"}');
    expect(await renewDue(place, { isForced: true })).toMatchObject([
      { file: 'a.registry.lan.pem', outcome: 'failed' },
      { file: 'b.registry.lan.pem', outcome: 'renewed' },
    ]);
  });

  it('can be one alone, which must be there', async () => {
    const place = openDirectories();
    await place.init(['registry.lan']);
    await place.issue(['a.registry.lan']);
    await place.issue(['b.registry.lan']);
    const request = { isForced: true, only: 'b.registry.lan' };
    expect(await renewDue(place, request)).toMatchObject([{ file: 'b.registry.lan.pem' }]);
    await expect(renewDue(place, { only: 'c.registry.lan' })).rejects.toMatchObject({
      code: 'certificate-unknown',
    });
  });
});

/** Orders from an authority of ours instead. */
async function openAcme(names: readonly string[]) {
  const place = openDirectories();
  const server = openDirectories();
  await server.init(['registry.lan']);
  const ordered: string[][] = [];
  const deps: RenewalDeps = {
    directories: place.directories,
    clock: place.clock,
    acmeNames: names.map(CertificateName.parse),
    async orderCertificate(wanted) {
      ordered.push([...wanted]);
      server.pass(place.clock() - server.clock());
      const pem = readFileSync((await server.issue(wanted)).path, 'utf8');
      return certificateBlocks(pem).join('') + (keyBlock(pem) ?? '');
    },
  };
  return { place, deps, ordered };
}

describe('a certificate of an ACME server', () => {
  it('is ordered when there is none, and again in the last third of its life', async () => {
    const { place, deps, ordered } = await openAcme(['registry.lan', 'a.registry.lan']);
    expect(await isRenewalDue(deps)).toBe(true);
    await renewDue(deps);
    expect(await isRenewalDue(deps)).toBe(false);
    place.pass(61 * DAY_MS);
    expect(await isRenewalDue(deps)).toBe(true);
    await renewDue(deps);
    const names = ['registry.lan', 'a.registry.lan'];
    expect(ordered).toEqual([names, names]);
  });

  it('is ordered at once for other names', async () => {
    const { deps, ordered } = await openAcme(['registry.lan']);
    await renewDue(deps);
    const others = { ...deps, acmeNames: [CertificateName.parse('b.registry.lan')] };
    expect(await isRenewalDue(others)).toBe(true);
    await renewDue(others);
    expect(ordered.at(-1)).toEqual(['b.registry.lan']);
    expect(await isRenewalDue(others)).toBe(false);
  });

  it('stays where no ACME server is set any more, and says so when it is due', async () => {
    const { place, deps } = await openAcme(['registry.lan']);
    await renewDue(deps);
    place.pass(61 * DAY_MS);
    const left = { directories: place.directories, clock: place.clock };
    expect(await renewDue(left)).toMatchObject([
      { file: '_acme.pem', outcome: 'failed', error: { code: 'request-invalid' } },
    ]);
  });
});
