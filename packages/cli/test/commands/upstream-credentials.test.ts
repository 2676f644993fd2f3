// Each source of an upstream's credentials, with a canary that must show up nowhere.
import { askCredentialHelper, createSecretBox, createUpstreams } from '@portolan/mirror';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openCommands } from './command-fixture.ts';

const CANARY = 'canary-5f1d';
const BASIC = { kind: 'basic', username: 'ann', password: CANARY };
const HELPERS: Readonly<Record<string, string>> = {
  fake: `read server; printf '{"Username":"ann","Secret":"%s"}' ${CANARY}`,
  token: `printf '{"Username":"<token>","Secret":"%s"}' ${CANARY}`,
  empty: `echo 'credentials not found in native keychain'; exit 1`,
  broken: `echo ${CANARY}; echo ${CANARY} >&2; exit 2`,
};
const auth = Buffer.from(`ann:${CANARY}`).toString('base64');

let directory: string;
const path = process.env['PATH'];

function fileOf(name: string, content: unknown): void {
  const text = typeof content === 'string' ? content : JSON.stringify(content);
  writeFileSync(join(directory, name), text);
}

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'portolan-credentials-'));
  for (const [name, script] of Object.entries(HELPERS)) {
    fileOf(`docker-credential-${name}`, `#!/bin/sh\n[ "$1" = get ] || exit 9\n${script}\n`);
    chmodSync(join(directory, `docker-credential-${name}`), 0o755);
  }
  fileOf('password', `${CANARY}\n`);
  fileOf('auth.json', { auths: { 'quay.io': { auth } } });
  fileOf('token.json', { auths: { 'https://quay.io/v2/': { identitytoken: CANARY } } });
  fileOf('helper.json', { credHelpers: { 'quay.io': 'fake' } });
  fileOf('other.json', { auths: { 'other.example': { auth } } });
  fileOf('broken.json', `{"auths": ${CANARY}`);
  process.env['PATH'] = `${directory}${delimiter}${path ?? ''}`;
});

afterAll(() => {
  process.env['PATH'] = path;
  rmSync(directory, { recursive: true });
});

async function openQuay() {
  const commands = await openCommands();
  const { run, withStorage, dataDirectory } = commands;
  const given = { stdin: `${CANARY}\n`, environment: { QUAY_PASSWORD: CANARY, NOTHING: '' } };
  return {
    set: (options: string) =>
      run(`upstream set quay.io ${options.replaceAll('@', `${directory}/`)}`, given),
    run,
    /** What a sync would send. */
    used: () =>
      withStorage(async (storage) => {
        const secrets = createSecretBox({ keyFile: storage.layout.mirrorKey });
        const stores = storage.upstreams;
        const upstreams = createUpstreams({ stores, secrets, askHelper: askCredentialHelper });
        return (await upstreams.settingsOf('quay.io')).credentials;
      }),
    /** Audit log included. */
    database: () =>
      readdirSync(dataDirectory)
        .filter((name) => name.startsWith('portolan.db'))
        .map((name) => readFileSync(join(dataDirectory, name), 'latin1'))
        .join(''),
  };
}

describe('upstream set', () => {
  it.each([
    ['--username ann --password-stdin', 'basic', BASIC],
    ['--username ann --password-file @password', 'basic', BASIC],
    ['--username ann --password-env QUAY_PASSWORD', 'basic', BASIC],
    ['--identity-token-stdin', 'identity-token', { kind: 'identity-token', token: CANARY }],
    ['--registry-token-stdin', 'registry-token', { kind: 'registry-token', token: CANARY }],
    ['--authfile @auth.json', 'basic', BASIC],
    ['--authfile @token.json', 'identity-token', { kind: 'identity-token', token: CANARY }],
    ['--authfile @helper.json', 'basic', BASIC],
    ['--credential-helper fake', 'credential-helper', BASIC],
    ['--credential-helper token', 'credential-helper', { kind: 'identity-token', token: CANARY }],
  ])('%s is used as %s, and shown nowhere', async (options, source, credentials) => {
    const { set, run, used, database } = await openQuay();
    const answers = [await set(options), await run('upstream show quay.io')];
    for (const { record } of answers) expect(record).toMatchObject({ credentials: source });
    answers.push(await run('upstream list'));
    expect(answers[2]?.rows).toMatchObject([{ credentials: source }]);
    expect(await used()).toEqual(credentials);
    for (const text of [JSON.stringify(answers), database()]) {
      expect(text).not.toContain(CANARY);
      expect(text).not.toContain(auth);
    }
  });

  it('keeps one source at a time', async () => {
    const { set, used, database } = await openQuay();
    await set('--username ann --password-stdin');
    const helped = await set('--credential-helper token');
    expect(helped.record).toMatchObject({
      credentials: 'credential-helper',
      credentialHelper: 'token',
    });
    expect(await used()).toMatchObject({ kind: 'identity-token' });
    expect(database()).toContain('upstream.drop-credentials');
    const own = await set('--registry-token-stdin');
    expect(own.record).toMatchObject({ credentials: 'registry-token', credentialHelper: null });
    await set('--credential-helper fake');
    const none = await set('--no-credentials');
    expect(none.record).toMatchObject({ credentials: null, credentialHelper: null });
    expect(await used()).toBeUndefined();
  });

  it.each([
    ['--credential-helper empty', 'has no login for quay.io'],
    ['--credential-helper broken', 'gave no login for quay.io'],
    ['--credential-helper nowhere', 'gave no login for quay.io'],
    ['--credential-helper ../evil', 'gave no login for quay.io'],
    ['--authfile @other.json', 'has no login for quay.io'],
    ['--authfile @broken.json', 'is no auth.json'],
    ['--authfile @missing.json', 'cannot read'],
    ['--username ann --password-env NOTHING', 'is not set, or empty'],
    ['--username ann --password-env TOTALLY_ELSE', 'is not set, or empty'],
    ['--password-env QUAY_PASSWORD', 'no user name'],
  ])('%s is refused: %s', async (options, message) => {
    const { set, run } = await openQuay();
    const error = await set(options).catch((caught: unknown) => caught);
    expect(error).toMatchObject({
      code: 'request-invalid',
      message: expect.stringContaining(message),
    });
    expect(JSON.stringify(error)).not.toContain(CANARY);
    expect((await run('upstream list')).rows).toEqual([]);
  });

  it.each([
    '--username ann --password-stdin --password-env QUAY_PASSWORD',
    '--identity-token-stdin --registry-token-stdin',
    '--authfile @auth.json --credential-helper fake',
    '--username ann --credential-helper fake',
    '--username ann --authfile @auth.json',
    '--no-credentials --registry-token-stdin',
    '--no-credentials --credential-helper fake',
  ])('%s is refused: one source at a time', async (options) => {
    const { set } = await openQuay();
    await expect(set(options)).rejects.toMatchObject({ code: 'commander.conflictingOption' });
  });
});
