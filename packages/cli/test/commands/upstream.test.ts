import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { rootCertificates } from 'node:tls';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { openCommands } from './command-fixture.ts';

function fileOf(content: string): string {
  const directory = mkdtempSync(join(tmpdir(), 'portolan-upstream-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const file = join(directory, 'file');
  writeFileSync(file, content);
  return file;
}

it('upstream set makes a registry known, and says nothing of its secrets', async () => {
  const { run, withStorage } = await openCommands();
  const { record } = await run(
    'upstream set index.docker.io --username ann --password-stdin --requests-per-second 5 --bandwidth 10MiB',
    { stdin: 'correct horse\n' },
  );
  expect(record).toMatchObject({
    host: 'docker.io',
    verifiesTls: true,
    ownCa: false,
    requestsPerSecond: 5,
    bytesPerSecond: 10_485_760,
    credentials: 'basic',
  });
  expect(JSON.stringify(record)).not.toContain('horse');
  const sealed = await withStorage(({ upstreams }) => upstreams.sealedCredentials('docker.io'));
  expect(sealed?.includes('horse')).toBe(false);
});

it('upstream set changes what is named and nothing else, and takes it back', async () => {
  const { run } = await openCommands();
  const ca = fileOf(`${rootCertificates[0]}\n`);
  await run(`upstream set quay.io --endpoint http://127.0.0.1:5000 --no-tls-verify --ca ${ca}`);
  const changed = await run('upstream set quay.io --allow-host cdn.quay.io *.example --tls-verify');
  expect(changed.record).toMatchObject({
    endpoint: 'http://127.0.0.1:5000',
    verifiesTls: null,
    ownCa: true,
    allowedHosts: ['cdn.quay.io', '*.example'],
  });
  const bare = await run('upstream set quay.io --no-endpoint --no-ca --no-allow-host');
  expect(bare.record).toMatchObject({ endpoint: null, ownCa: false, allowedHosts: [] });
});

it('upstream show says when the quota was observed', async () => {
  const { run, withStorage } = await openCommands();
  await run('upstream set docker.io');
  const quota = { limit: 100, remaining: 6, observedAt: 0 };
  await withStorage(({ upstreams }) => upstreams.noteQuota('docker.io', quota));
  expect((await run('upstream show docker.io')).record).toMatchObject({
    quota: { limit: 100, remaining: 6, observedAt: '1970-01-01T00:00:00Z' },
  });
});

it.each(['0', '1023', 'fast'])('upstream set takes no bandwidth of %s', async (bandwidth) => {
  const { run } = await openCommands();
  await expect(run(`upstream set quay.io --bandwidth ${bandwidth}`)).rejects.toMatchObject({
    code: 'commander.invalidArgument',
    message: expect.stringContaining('bytes a second, 1KiB or more'),
  });
});

it.each([
  ['--allow-host https://cdn.quay.io', '--allow-host is not a host, host:port or *.host'],
  ['--endpoint ftp://quay.io', '--endpoint is not an http or https URL'],
  ['--requests-per-second 99999', '--requests-per-second '],
])('upstream set %s is refused by the name of the option', async (options, message) => {
  const { run } = await openCommands();
  const failure: unknown = await run(`upstream set quay.io ${options}`).catch(
    (error: unknown) => error,
  );
  expect(failure).toMatchObject({
    code: 'request-invalid',
    message: expect.stringContaining(message),
  });
  expect(failure).not.toHaveProperty('detail.setting');
});

it('upstream set --no-credentials forgets them', async () => {
  const { run } = await openCommands();
  const file = fileOf('secret\n');
  const made = await run(`upstream set quay.io --username ann --password-file ${file}`);
  expect(made.record).toMatchObject({ credentials: 'basic' });
  expect((await run('upstream set quay.io')).record).toMatchObject({ credentials: 'basic' });
  const { record } = await run('upstream set quay.io --no-credentials');
  expect(record).toMatchObject({ credentials: null });
});

it('upstream list, show and remove', async () => {
  const { run } = await openCommands();
  await run('upstream set quay.io');
  await run('upstream set docker.io');
  const { rows, columns } = await run('upstream list');
  expect(rows?.map((row) => row['host'])).toEqual(['docker.io', 'quay.io']);
  expect(columns).toEqual(['host', 'endpoint', 'verifiesTls', 'proxy', 'credentials', 'quota']);
  expect((await run('upstream show Quay.io')).record).toMatchObject({ host: 'quay.io' });
  expect((await run('upstream remove quay.io')).notes).toEqual(["Upstream 'quay.io' is removed."]);
  const gone = run('upstream show dokcer.io');
  const hint = "did you mean 'docker.io'?";
  await expect(gone).rejects.toMatchObject({ code: 'not-found', detail: { hint } });
});

it.each([
  ['upstream set https://quay.io', 'request-invalid'],
  ['upstream set quay.io --endpoint ftp://quay.io', 'request-invalid'],
  ['upstream set quay.io --ca /no/such/file', 'request-invalid'],
  ['upstream set quay.io --username ann', 'request-invalid'],
  ['upstream set quay.io --password-stdin', 'request-invalid'],
  ['upstream set quay.io --proxy http://a:b@proxy', 'request-invalid'],
  ['upstream set quay.io --requests-per-second none', 'commander.invalidArgument'],
  ['upstream set quay.io --bandwidth much', 'commander.invalidArgument'],
  [
    'upstream set quay.io --no-credentials --username ann --password-stdin',
    'commander.conflictingOption',
  ],
  ['upstream remove quay.io', 'not-found'],
])('%s is refused with %s', async (line, code) => {
  const { run } = await openCommands();
  await expect(run(line, { stdin: 'secret' })).rejects.toMatchObject({ code });
  expect((await run('upstream list')).rows).toEqual([]);
});
