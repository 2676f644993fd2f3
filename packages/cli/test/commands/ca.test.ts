import { DAY_MS } from '@portolan/tls';
import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
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
  expect(shown.record).toEqual({ ...record, retired: [] });
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

it.each(['ca init', 'ca show', 'ca issue registry.lan', 'ca init --name other.lan'])(
  'says for `%s` that the key of the authority is away, and replaces nothing',
  async (line) => {
    const commands = await openCommands();
    await commands.run('ca init', PUBLIC);
    const place = join(commands.dataDirectory, 'ca');
    const before = await readFile(join(place, 'ca.crt'), 'utf8');
    await rm(join(place, 'ca.key'));
    await expect(commands.run(line, PUBLIC)).rejects.toMatchObject({
      message: `the authority's key is missing: ${join(place, 'ca.key')}`,
    });
    expect(await readFile(join(place, 'ca.crt'), 'utf8')).toBe(before);
  },
);

it('issues a certificate that lists as in use and renewed', async () => {
  const commands = await openCommands();
  await commands.run('ca init', PUBLIC);
  const issued = await commands.run('ca issue registry.lan *.registry.lan --days 30');
  const file = join(certificates(commands), 'registry.lan.pem');
  expect(issued.record).toMatchObject({ file, names: ['registry.lan', '*.registry.lan'] });
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  const { rows } = await commands.run('ca show');
  expect(rows).toMatchObject([
    {
      file: 'registry.lan.pem',
      inUse: true,
      inUseFor: ['registry.lan', '*.registry.lan'],
      source: 'authority',
      problem: null,
    },
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

/** An authority that was replaced, with a certificate that hangs on it. */
async function openReplaced() {
  const commands = await openCommands();
  const first = await commands.run('ca init', PUBLIC);
  await commands.run('ca issue registry.lan');
  const second = await commands.run('ca init --force-new', PUBLIC);
  const [old, current] = [first, second].map(({ record }) => String(record?.['fingerprint']));
  return { ...commands, old, current, made: second };
}

it('says that clients are given both authorities only when something here hangs on the old one', async () => {
  const { made } = await openReplaced();
  expect(made.notes.join()).toMatch(
    /clients are given both .*: registry\.lan\.pem\. .*--with-retired/,
  );
  const { run } = await openCommands();
  expect((await run('ca init --force-new', PUBLIC)).notes).toHaveLength(1);
  await run('ca issue node.registry.lan --out', { more: [await emptyDirectory()] });
  const notes = (await run('ca init --force-new', PUBLIC)).notes.join();
  expect(notes).toMatch(/clients are given this one alone.*--with-retired/);
  expect(notes).not.toContain('given both');
  expect(fingerprintsOf((await run('ca bundle')).text)).toHaveLength(1);
});

it.each(['ca bundle', 'ca show'])(
  'goes in `%s` by the key that was restored over a newer authority',
  async (line) => {
    const { run, old, dataDirectory } = await openReplaced();
    const place = join(dataDirectory, 'ca');
    const retired = (await readdir(place)).find((name) => name.startsWith('retired-')) ?? '';
    await copyFile(join(place, retired), join(place, 'ca.key'));
    const { text, record, notes } = await run(line);
    if (line === 'ca bundle') expect(fingerprintsOf(text)).toEqual([old]);
    else expect(record).toMatchObject({ fingerprint: old, retired: [] });
    expect(notes.join()).not.toContain('retired');
  },
);

it('says which certificates a new authority can no longer renew, and what could', async () => {
  const { run } = await openCommands();
  await run('ca init --name registry.lan --impersonate docker.io');
  await run('ca issue registry.lan');
  await run('ca issue docker.io');
  const { notes } = await run('ca init --force-new --name registry.lan');
  const warning = notes.find((note) => note.startsWith('warning: ')) ?? '';
  expect(warning).toContain('may not issue for docker.io, so docker.io.pem can no longer be');
  const [, command = ''] = /`portolan ([^`]+)`/.exec(warning) ?? [];
  expect((await run(command)).notes.join()).not.toContain('warning: ');
  expect((await run('ca renew --force')).rows).toHaveLength(2);
});

it('prints both authorities until nothing hangs on the one that was replaced', async () => {
  const { run, old, current } = await openReplaced();
  const both = await run('ca bundle');
  expect(fingerprintsOf(both.text)).toEqual([current, old]);
  expect(both.text).not.toContain('PRIVATE');
  expect(both.notes[1]).toContain(`SHA-256 ${String(old)}, retired, holds until `);
  await run('ca renew --force');
  expect(fingerprintsOf((await run('ca bundle')).text)).toEqual([current]);
});

it('prints all that were replaced when asked to, while they hold', async () => {
  const { run, old, current } = await openReplaced();
  await run('ca renew --force');
  const all = 'ca bundle --with-retired';
  expect(fingerprintsOf((await run(all)).text)).toEqual([current, old]);
  expect(fingerprintsOf((await run(all, { laterMs: 3651 * DAY_MS })).text)).toEqual([current]);
});

it('shows what hangs on the authority that was replaced, and what to do next', async () => {
  const { run, old, made } = await openReplaced();
  expect(made.notes.join()).toContain('reload the proxy');
  const before = await run('ca show');
  const file = 'registry.lan.pem';
  expect(before.record?.['retired']).toMatchObject([{ fingerprint: old, certificates: [file] }]);
  expect(before.notes.join()).toMatch(/^registry.lan.pem hangs on .*renew --force.*reload/);
  await run('ca renew --force');
  const after = await run('ca show');
  expect(after.record?.['retired']).toMatchObject([{ fingerprint: old, certificates: [] }]);
  expect(after.notes.join()).toContain('clients are not given it');
});

it('says which authority could issue for an address as well, with all that there is', async () => {
  const commands = await openCommands();
  await commands.run('ca init --name registry.lan --impersonate docker.io --impersonate quay.io');
  const error: unknown = await commands
    .run('ca issue registry.lan --ip 192.0.2.10')
    .catch((failure) => failure);
  const { detail } = error as { detail: { hint: string } };
  const [, command = ''] = /`portolan ([^`]+)`/.exec(detail.hint) ?? [];
  const { record } = await commands.run(command);
  expect(record).toMatchObject({
    domains: ['registry.lan', 'docker.io', 'quay.io'],
    networks: ['192.0.2.10/32'],
  });
  await commands.run('ca issue registry.lan --ip 192.0.2.10');
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

it('says where the certificate for clients cannot be written', async () => {
  const commands = await openCommands();
  await commands.run('ca init', PUBLIC);
  const file = join(await emptyDirectory(), 'none', 'ca.crt');
  await expect(commands.run('ca bundle --out', { more: [file] })).rejects.toMatchObject({
    code: 'request-invalid',
    message: `cannot write ${file}`,
    detail: { hint: 'make its directory first' },
  });
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

it('tells of both authorities while servers need both, and splits them where one is taken', async () => {
  const { run, old, current } = await openReplaced();
  const { text } = await run('ca trust debian', PUBLIC);
  expect(text.indexOf(`# ${String(current)}\n# ${String(old)} (retired)\n`)).toBeGreaterThan(0);
  expect(text).toContain('portolan-ca-1.crt /usr/local/share/ca-certificates/portolan.crt');
  expect(text).toContain('portolan-ca-2.crt /usr/local/share/ca-certificates/portolan-2.crt');
  expect((await run('ca trust docker', PUBLIC)).text).toContain('-m 644 portolan-ca.crt /etc');
  await run('ca renew --force');
  expect((await run('ca trust', PUBLIC)).text).not.toContain(String(old));
});

it('has commands that show every certificate in the file, and make a file of each', async () => {
  const { run, old, current } = await openReplaced();
  const directory = await emptyDirectory();
  await run('ca bundle --out', { more: [join(directory, 'portolan-ca.crt')] });
  const lines = (await run('ca trust debian', PUBLIC)).text.split('\n');
  const script = lines.filter((line) => line.startsWith('awk ')).join('\n');
  const shown = execFileSync('sh', ['-c', script], { cwd: directory, encoding: 'utf8' });
  const both = [current, old].map(String);
  expect(shown.match(/(?<==).+/g)).toEqual(both);
  const files = both.map((_, index) => readFile(join(directory, `portolan-ca-${index + 1}.crt`)));
  const split = (await Promise.all(files)).map((pem) => new X509Certificate(pem).fingerprint256);
  expect(split).toEqual(both);
});
