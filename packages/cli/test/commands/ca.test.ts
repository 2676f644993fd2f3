import { DAY_MS } from '@portolan/tls';
import { X509Certificate } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { openCommands } from './command-fixture.ts';

type Commands = Awaited<ReturnType<typeof openCommands>>;

const certificates = (commands: Commands) => join(commands.dataDirectory, 'tls');

async function emptyDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'portolan-ca-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  return directory;
}

const PUBLIC = { environment: { PORTOLAN_PUBLIC_URL: 'https://registry.lan' } };

function fingerprintsOf(text: string): string[] {
  return text
    .split(/(?<=END CERTIFICATE-----\n)(?=.)/)
    .map((pem) => new X509Certificate(pem).fingerprint256);
}

it('makes an authority for the domains that are named, and shows it', async () => {
  const commands = await openCommands();
  const { record } = await commands.run('ca init --name registry.lan --ip 10.0.0.0/24');
  expect(record).toMatchObject({ domains: ['registry.lan'], networks: ['10.0.0.0/24'] });
  const shown = await commands.run('ca show');
  expect(shown.record).toEqual(record);
  expect(shown.rows).toEqual([]);
});

it.each([
  ['https://registry.lan', { domains: ['registry.lan'], networks: [] }],
  ['https://10.0.0.1:5443', { domains: [], networks: ['10.0.0.1/32'] }],
  ['https://[fd00::1]', { domains: [], networks: ['fd00::1/128'] }],
])('makes the authority for the host of %s when nothing is named', async (url, constraints) => {
  const commands = await openCommands();
  const { record } = await commands.run('ca init', { environment: { PORTOLAN_PUBLIC_URL: url } });
  expect(record).toMatchObject(constraints);
});

it('asks for a name where there is none to be known', async () => {
  const commands = await openCommands();
  await expect(commands.run('ca init')).rejects.toMatchObject({ code: 'request-invalid' });
});

it('stands for other registries only when told to', async () => {
  const commands = await openCommands();
  const { record } = await commands.run('ca init --impersonate registry-1.docker.io', PUBLIC);
  expect(record).toMatchObject({ domains: ['registry.lan', 'docker.io'] });
});

it('replaces an authority only when forced to', async () => {
  const commands = await openCommands();
  const first = await commands.run('ca init', PUBLIC);
  await expect(commands.run('ca init', PUBLIC)).rejects.toMatchObject({
    code: 'authority-exists',
    detail: { hint: expect.stringContaining('--force-new') },
  });
  const second = await commands.run('ca init --force-new', PUBLIC);
  expect(second.record?.['fingerprint']).not.toBe(first.record?.['fingerprint']);
});

it('issues a certificate that lists as in use and renewed', async () => {
  const commands = await openCommands();
  await commands.run('ca init', PUBLIC);
  const issued = await commands.run('ca issue registry.lan *.registry.lan --days 30');
  const file = join(certificates(commands), 'registry.lan.pem');
  expect(issued.record).toMatchObject({ file, names: ['registry.lan', '*.registry.lan'] });
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  const { rows } = await commands.run('ca show');
  expect(rows).toMatchObject([
    { file: 'registry.lan.pem', inUse: true, source: 'authority', problem: null },
  ]);
});

it.each([
  ['ca issue registry.lan', 'authority-unknown', undefined],
  ['ca bundle', 'authority-unknown', undefined],
  ['ca show', 'authority-unknown', undefined],
  ['ca trust', 'authority-unknown', undefined],
  ['ca issue quay.io', 'name-refused', 'ca init'],
  ['ca issue regi_stry.lan', 'certificate-name-invalid', 'ca init'],
  ['ca issue registry.lan --days 1000', 'request-invalid', 'ca init'],
  ['ca issue', 'request-invalid', 'ca init'],
  ['ca renew other.lan', 'certificate-unknown', 'ca init'],
  ['ca trust beos', 'not-found', 'ca init'],
  ['ca import /does/not/exist /neither', 'request-invalid', undefined],
])('refuses %s with the code %s', async (line, code, before) => {
  const commands = await openCommands();
  if (before !== undefined) await commands.run(before, PUBLIC);
  await expect(commands.run(line)).rejects.toMatchObject({ code });
});

it('writes a certificate for a server elsewhere there, and does not renew it', async () => {
  const commands = await openCommands();
  await commands.run('ca init', PUBLIC);
  const out = await emptyDirectory();
  await commands.run('ca issue node.registry.lan --out', { more: [out] });
  const pem = await readFile(join(out, 'node.registry.lan.pem'), 'utf8');
  expect(new X509Certificate(pem).checkHost('node.registry.lan')).toBe('node.registry.lan');
  expect((await commands.run('ca show')).rows).toEqual([]);
});

it('renews what is not due when forced to, with the name that suggests itself', async () => {
  const commands = await openCommands();
  await commands.run('ca init', PUBLIC);
  const issued = await commands.run('ca issue registry.lan');
  expect((await commands.run('ca renew')).rows).toMatchObject([{ outcome: 'not due' }]);
  const { rows } = await commands.run('ca renew --force registry.lan');
  expect(rows).toMatchObject([{ file: 'registry.lan.pem', outcome: 'renewed' }]);
  const [after] = (await commands.run('ca show')).rows ?? [];
  expect(after?.['fingerprint']).not.toBe(issued.record?.['fingerprint']);
  await expect(commands.run('ca renew registri.lan')).rejects.toMatchObject({
    detail: { hint: "did you mean 'registry.lan'?" },
  });
});

it('renews nothing while another process does', async () => {
  const commands = await openCommands();
  await commands.run('ca init', PUBLIC);
  await commands.withStorage(async ({ leases }) => {
    await leases.acquire('job:certificates', 'somebody else', 60_000);
  });
  await expect(commands.run('ca renew')).rejects.toMatchObject({ exitCode: 8 });
});

it('says which certificate could not be renewed, and fails', async () => {
  const commands = await openCommands();
  await commands.run('ca init', PUBLIC);
  await commands.run('ca issue registry.lan');
  await commands.run('ca init --name other.lan --force-new');
  await expect(commands.run('ca renew --force')).rejects.toMatchObject({ exitCode: 5 });
});

it('imports a certificate, and leaves it alone from then on', async () => {
  const commands = await openCommands();
  await commands.run('ca init', PUBLIC);
  const out = await emptyDirectory();
  await commands.run('ca issue registry.lan --out', { more: [out] });
  const file = join(out, 'registry.lan.pem');
  const { record, notes } = await commands.run('ca import', { more: [file, file] });
  expect(record).toMatchObject({ names: ['registry.lan'] });
  expect(notes.join()).toContain('clients must know its issuer');
  expect((await commands.run('ca show')).rows).toMatchObject([
    { file: 'registry.lan.pem', source: 'imported', renews: null },
  ]);
  expect((await commands.run('ca renew --force')).rows).toEqual([]);
  await expect(commands.run('ca issue registry.lan')).rejects.toMatchObject({
    code: 'certificate-exists',
  });
});

it.each(['imported.lan.pem', 'imported.lan.crt', 'imported.lan.broken.pem'])(
  'says of %s who renews it, and suggests it to nobody',
  async (file) => {
    const commands = await openCommands();
    await commands.run('ca init', PUBLIC);
    const out = await emptyDirectory();
    await commands.run('ca issue imported.registry.lan --out', { more: [out] });
    const pem = await readFile(join(out, 'imported.registry.lan.pem'), 'utf8');
    await mkdir(certificates(commands));
    await writeFile(
      join(certificates(commands), file),
      file.includes('broken') ? pem.slice(100) : pem,
    );
    await writeFile(join(certificates(commands), 'imported.lan.key'), pem);
    const name = file.replace(/\.(?:pem|crt)$/, '');
    await expect(commands.run(`ca renew ${name}`)).rejects.toMatchObject({
      message: `${file} is renewed by whoever issued it, and not by us`,
      detail: { hint: expect.stringContaining('portolan ca import') },
    });
    await expect(commands.run('ca renew impotred.lan')).rejects.toMatchObject({
      detail: { hint: expect.not.stringContaining('did you mean') },
    });
  },
);

it('drops names of a certificate only when told to', async () => {
  const commands = await openCommands();
  await commands.run('ca init', PUBLIC);
  await commands.run('ca issue registry.lan *.registry.lan');
  await expect(commands.run('ca issue registry.lan')).rejects.toMatchObject({
    code: 'certificate-exists',
    detail: { hint: expect.stringContaining("`portolan ca issue registry.lan '*.registry.lan'`") },
  });
  const { record } = await commands.run('ca issue registry.lan --drop-names');
  expect(record).toMatchObject({ names: ['registry.lan'] });
});

it('shows a file that cannot be used beside those that can', async () => {
  const commands = await openCommands();
  await commands.run('ca init', PUBLIC);
  await commands.run('ca issue registry.lan');
  await writeFile(join(certificates(commands), 'broken.pem'), 'nothing');
  const { rows, columns } = await commands.run('ca show');
  expect(rows).toMatchObject([{ file: 'registry.lan.pem' }, { file: 'broken.pem', inUse: false }]);
  expect(columns).toContain('problem');
});

it('says when the authority ends within a year', async () => {
  const commands = await openCommands();
  await commands.run('ca init', PUBLIC);
  expect((await commands.run('ca show')).notes).toEqual([]);
  const { notes } = await commands.run('ca show', { laterMs: 3295 * DAY_MS });
  expect(notes.join('')).toMatch(/^The authority ends in 35\d days\. .*--force-new/);
});

it('prints the authorities that were replaced, too, when asked to and while they hold', async () => {
  const commands = await openCommands();
  const first = await commands.run('ca init', PUBLIC);
  const second = await commands.run('ca init --force-new', { ...PUBLIC, laterMs: 365 * DAY_MS });
  const [old, current] = [first, second].map(({ record }) => record?.['fingerprint']);
  const all = '--with-retired';
  expect(fingerprintsOf((await commands.run('ca bundle')).text)).toEqual([current]);
  const both = await commands.run(`ca bundle ${all}`);
  expect(fingerprintsOf(both.text)).toEqual([current, old]);
  expect(both.text).not.toContain('PRIVATE');
  expect(both.notes[1]).toContain(`SHA-256 ${String(old)}, retired, holds until `);
  const later = await commands.run(`ca bundle ${all}`, { laterMs: 3651 * DAY_MS });
  expect(fingerprintsOf(later.text)).toEqual([current]);
});

it('prints the certificate for clients, with its fingerprint beside it', async () => {
  const commands = await openCommands();
  const made = await commands.run('ca init', PUBLIC);
  const { text, notes } = await commands.run('ca bundle');
  expect(new X509Certificate(text).fingerprint256).toBe(made.record?.['fingerprint']);
  expect(notes).toEqual([`SHA-256 ${String(made.record?.['fingerprint'])}`]);
  const file = join(await emptyDirectory(), 'ca.crt');
  await commands.run('ca bundle --out', { more: [file] });
  expect(await readFile(file, 'utf8')).toBe(text);
});

it.each([
  ['debian', 'update-ca-certificates'],
  ['fedora', '/etc/pki/ca-trust/source/anchors'],
  ['suse', '/etc/pki/trust/anchors'],
  ['alpine', '/usr/local/share/ca-certificates'],
  ['arch', 'trust anchor'],
  ['macos', 'security add-trusted-cert'],
  ['windows', 'certutil -addstore'],
  ['docker', '/etc/docker/certs.d/registry.lan/ca.crt'],
  ['containerd', '/etc/containerd/certs.d/registry.lan/hosts.toml'],
  ['podman', '/etc/containers/certs.d/registry.lan/ca.crt'],
  ['firefox', 'cert9.db'],
])('tells how %s comes to trust the authority', async (system, words) => {
  const commands = await openCommands();
  const made = await commands.run('ca init', PUBLIC);
  const { text } = await commands.run(`ca trust ${system}`, PUBLIC);
  expect(text).toContain(words);
  expect(text).toContain(String(made.record?.['fingerprint']));
});
