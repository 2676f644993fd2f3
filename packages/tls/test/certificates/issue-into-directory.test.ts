import { X509Certificate } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { certificateBlocks, keyBlock, namesOf } from '../../src/certificates/certificate-pem.ts';
import { readRenewalRecord } from '../../src/certificates/renewal-record.ts';
import { issueIntoDirectory, listCertificates, renewDue } from '../../src/index.ts';
import { openDirectories } from '../fixtures/directories.ts';

const DOMAINS = ['registry.lan'];
const NETWORKS = ['192.0.2.0/24', 'fd00::/8'];
const BOTH = ['registry.lan', '*.registry.lan'];

/** The file and its record, which have to agree. */
async function namesThere({ directories: { certificates } }: ReturnType<typeof openDirectories>) {
  const pem = readFileSync(join(certificates, 'registry.lan.pem'), 'utf8');
  const record = await readRenewalRecord(certificates, 'registry.lan');
  return { file: namesOf(new X509Certificate(pem)), record: record?.names };
}

const exactly = (names: readonly string[]) => ({ file: names, record: names });

describe('a certificate that takes the place of one with other names', () => {
  it.each([
    [BOTH, ['registry.lan'], "registry.lan '*.registry.lan'"],
    [BOTH, ['registry.lan.'], "registry.lan '*.registry.lan'"],
    [BOTH, ['registry.lan', '192.0.2.1'], "registry.lan 192.0.2.1 '*.registry.lan'"],
    [
      [...BOTH, 'fd00::1'],
      ['REGISTRY.lan', 'a.registry.lan'],
      "registry.lan a.registry.lan '*.registry.lan' fd00::1",
    ],
  ])('that were %j is refused for %j, and told how to keep all', async (before, names, words) => {
    const place = openDirectories();
    await place.init(DOMAINS, NETWORKS);
    const { fingerprint } = await place.issue(before);
    await expect(place.issue(names)).rejects.toMatchObject({
      code: 'certificate-exists',
      message: expect.stringContaining('*.registry.lan'),
      detail: { hint: expect.stringContaining(`\`portolan ca issue ${words}\``) },
    });
    expect(await namesThere(place)).toEqual(exactly(before));
    const kept = words.replaceAll("'", '').split(' ');
    expect((await place.issue(kept)).fingerprint).not.toBe(fingerprint);
    expect(await namesThere(place)).toEqual(exactly(kept));
  });

  it.each([
    [BOTH, ['registry.lan.', '*.Registry.lan.']],
    [['registry.lan', 'quay-io.registry.lan'], BOTH],
    [['registry.lan'], [...BOTH, '192.0.2.1']],
  ])('that were %j is issued for %j, which stands for all of them', async (before, names) => {
    const place = openDirectories();
    await place.init(DOMAINS, NETWORKS);
    await place.issue(before);
    await expect(place.issue(names)).resolves.toHaveProperty('path');
  });

  it('is issued when they shall end', async () => {
    const place = openDirectories();
    await place.init(DOMAINS);
    await place.issue(BOTH);
    await issueIntoDirectory(place, { names: DOMAINS, days: 90, dropsNames: true });
    expect(await namesThere(place)).toEqual(exactly(DOMAINS));
  });

  it('is refused where the file is gone, which may still be served', async () => {
    const place = openDirectories();
    await place.init(DOMAINS);
    const { path } = await place.issue(BOTH);
    rmSync(path);
    await expect(place.issue(DOMAINS)).rejects.toMatchObject({ code: 'certificate-exists' });
  });

  it('mends a record that is damaged, and keeps the names of the file', async () => {
    const place = openDirectories();
    await place.init(DOMAINS);
    await place.issue(BOTH);
    const record = join(place.directories.certificates, 'renewal', 'registry.lan.json');
    writeFileSync(record, '{"source"');
    await expect(place.issue(DOMAINS)).rejects.toMatchObject({ code: 'certificate-exists' });
    await place.issue(BOTH);
    expect(await renewDue(place, { isForced: true })).toMatchObject([{ outcome: 'renewed' }]);
  });
});

it('is refused beside a pair of the same name, which an operator brought', async () => {
  const place = openDirectories();
  await place.init(DOMAINS);
  const { path } = await place.issue(DOMAINS);
  const { certificates } = place.directories;
  const pem = readFileSync(path, 'utf8');
  writeFileSync(join(certificates, 'registry.lan.crt'), certificateBlocks(pem).join(''));
  await expect(place.issue(DOMAINS)).resolves.toHaveProperty('path');
  writeFileSync(join(certificates, 'registry.lan.key'), keyBlock(pem) ?? '');
  await expect(place.issue(DOMAINS)).rejects.toMatchObject({
    code: 'certificate-exists',
    message: expect.stringContaining('registry.lan.crt is there, and was not issued by us'),
  });
  const listed = await listCertificates(certificates, place.clock());
  expect(listed.certificates).toMatchObject([
    { file: 'registry.lan.crt', source: 'imported', renewsAt: undefined },
    { file: 'registry.lan.pem', source: 'authority' },
  ]);
});

async function openOut() {
  const place = openDirectories();
  await place.init(DOMAINS);
  const out = join(place.root, "their server's");
  mkdirSync(out);
  const issue = (names: readonly string[], days = 90) =>
    issueIntoDirectory(place, { names, days, out });
  return { ...place, out, issue };
}

describe('a certificate for a server elsewhere', () => {
  it.each([
    ['of somebody else', () => 'PRECIOUS'],
    ['that is cut off', (own: string) => own.slice(0, 100)],
    ['that is empty', () => ''],
  ])('never takes the place of a file %s', async (_what, textFrom) => {
    const { issue, out, root } = await openOut();
    const { path } = await issue(DOMAINS);
    const text = textFrom(readFileSync(path, 'utf8'));
    writeFileSync(path, text);
    await expect(issue(DOMAINS)).rejects.toMatchObject({ code: 'certificate-exists' });
    expect(readFileSync(path, 'utf8')).toBe(text);
    expect([readdirSync(out), readdirSync(root).sort()]).toEqual([
      ['registry.lan.pem'],
      ['ca', "their server's"],
    ]);
  });

  it('never takes the place of one of another authority', async () => {
    const { issue } = await openOut();
    const other = await openOut();
    const { path } = await issue(DOMAINS);
    writeFileSync(path, readFileSync((await other.issue(DOMAINS)).path));
    await expect(issue(DOMAINS)).rejects.toMatchObject({
      message: expect.stringContaining('was not issued by us'),
    });
  });

  it('takes the place of the one before, of an authority before as well', async () => {
    const { issue, init } = await openOut();
    const first = await issue(DOMAINS);
    const second = await issue(DOMAINS);
    await init(DOMAINS, [], true);
    const third = await issue(DOMAINS);
    expect(new Set([first, second, third].map(({ fingerprint }) => fingerprint)).size).toBe(3);
  });

  it('keeps its names, and is told how with all that was typed', async () => {
    const { issue, root } = await openOut();
    await issue(BOTH);
    const command = `portolan ca issue registry.lan '*.registry.lan' --days 30 --out '${root}/their server'\\''s'`;
    await expect(issue(DOMAINS, 30)).rejects.toMatchObject({
      detail: { hint: expect.stringContaining(`\`${command}\``) },
    });
  });
});
