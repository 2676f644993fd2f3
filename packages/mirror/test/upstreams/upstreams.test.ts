import { RepositoryName } from '@portolan/oci';
import { readFileSync, rmSync } from 'node:fs';
import { rootCertificates } from 'node:tls';
import { beforeEach, describe, expect, it } from 'vitest';
import type { AskHelper } from '../../src/logins/auth-file.ts';
import { createSecretBox } from '../../src/secrets/sealed-secrets.ts';
import {
  createUpstreams,
  type UpstreamChanges,
  type Upstreams,
} from '../../src/upstreams/upstreams.ts';
import { ACTOR, openLocalStorage } from '../places/local-storage.ts';
import type { Storage } from '@portolan/storage';

const PASSWORD = 'correct horse';
const BASIC = { kind: 'basic', username: 'ann', password: PASSWORD } as const;
const DEFAULTS = {
  endpoint: undefined,
  ca: undefined,
  verifiesTls: true,
  proxy: undefined,
  requestsPerSecond: undefined,
  bytesPerSecond: undefined,
  allowedHosts: [],
};
const CA = `${rootCertificates[0]}\n${rootCertificates[1]}\n`;

let storage: Storage;
let upstreams: Upstreams;

const askHelper: AskHelper = async (name, server) => {
  if (name === 'broken') throw new Error('no such program');
  return name === 'empty' ? undefined : { username: name, secret: `of ${server}` };
};

function open(): Upstreams {
  const secrets = createSecretBox({ keyFile: storage.layout.mirrorKey });
  return createUpstreams({ stores: storage.upstreams, secrets, askHelper });
}

beforeEach(async () => {
  storage = await openLocalStorage();
  upstreams = open();
});

describe('settings', () => {
  it('of a host that nobody has set up are the defaults', async () => {
    const settings = { host: 'quay.io', ...DEFAULTS, credentials: undefined };
    expect(await upstreams.settingsOf('quay.io')).toEqual(settings);
    expect(await upstreams.find('quay.io')).toBeUndefined();
  });

  it('are kept, changed one by one, and taken back', async () => {
    const all = {
      endpoint: 'http://127.0.0.1:5000',
      ca: CA,
      verifiesTls: false,
      proxy: 'http://proxy.lan:3128',
      requestsPerSecond: 0.5,
      bytesPerSecond: 2 ** 20,
      allowedHosts: ['cdn.quay.io', '*.blobs.example:8443', '[::1]:5000'],
    };
    await upstreams.set('quay.io', all, ACTOR);
    expect(await open().settingsOf('quay.io')).toMatchObject(all);
    const changed = await upstreams.set('quay.io', { endpoint: null, proxy: null }, ACTOR);
    expect(changed).toMatchObject({ ...all, endpoint: undefined, proxy: undefined });
    const none = { ca: null, requestsPerSecond: null, bytesPerSecond: null, allowedHosts: null };
    const bare = await upstreams.set('quay.io', { ...none, verifiesTls: null }, ACTOR);
    expect(bare).toMatchObject(DEFAULTS);
  });

  it('are those of one host, in whatever spelling', async () => {
    await upstreams.set('Index.Docker.io', { requestsPerSecond: 5 }, ACTOR);
    await upstreams.set('registry-1.docker.io:443', { verifiesTls: true }, ACTOR);
    expect((await upstreams.list()).map(({ host }) => host)).toEqual(['docker.io']);
    expect(await upstreams.settingsOf('docker.io')).toMatchObject({ requestsPerSecond: 5 });
  });

  it.each<[string, UpstreamChanges]>([
    ['endpoint', { endpoint: 'ftp://quay.io' }],
    ['endpoint', { endpoint: 'https://ann:secret@quay.io' }],
    ['endpoint', { endpoint: 'https://:secret@quay.io' }],
    ['endpoint', { endpoint: 'https://quay.io/?a=b' }],
    ['ca', { ca: 'not a certificate' }],
    ['ca', { ca: '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----' }],
    ['proxy', { proxy: 'socks5://proxy.lan' }],
    ['proxy', { proxy: 'http://ann:secret@proxy.lan:3128' }],
    ['requestsPerSecond', { requestsPerSecond: 0 }],
    ['bytesPerSecond', { bytesPerSecond: 10 }],
    ['allowedHosts', { allowedHosts: ['https://cdn.quay.io'] }],
    ['allowedHosts', { allowedHosts: ['*'] }],
    ['credentialHelper', { credentialHelper: '../evil' }],
  ])('are refused with a wrong %s (%o), and nothing is stored', async (setting, changes) => {
    await expect(upstreams.set('quay.io', changes, ACTOR)).rejects.toMatchObject({
      code: 'request-invalid',
      detail: { setting },
    });
    expect(await upstreams.find('quay.io')).toBeUndefined();
  });

  it('are refused for what is no host', async () => {
    const set = upstreams.set('https://quay.io', {}, ACTOR);
    await expect(set).rejects.toMatchObject({ code: 'request-invalid' });
  });
});

describe('credentials', () => {
  it.each([
    BASIC,
    { kind: 'identity-token', token: 'refresh' } as const,
    { kind: 'registry-token', token: 'ready' } as const,
  ])('of kind $kind are used, in any process', async (credentials) => {
    await upstreams.set('quay.io', { credentials }, ACTOR);
    expect((await open().settingsOf('quay.io')).credentials).toEqual(credentials);
  });

  it('are never shown, logged or readable in the database', async () => {
    const made = await upstreams.set('quay.io', { credentials: BASIC }, ACTOR);
    const shown = [made, await upstreams.find('quay.io'), await upstreams.list()];
    expect(JSON.stringify(shown)).not.toContain(PASSWORD);
    expect(made.hasCredentials).toBe(true);
    const { database } = storage.layout;
    const files = [database, `${database}-wal`].map((file) => readFileSync(file));
    expect(files.some((bytes) => bytes.includes(PASSWORD))).toBe(false);
    expect(files.some((bytes) => bytes.includes('upstream.set-credentials'))).toBe(true);
  });

  it('of a helper are asked for each time, and never stored', async () => {
    await upstreams.set('docker.io', { credentials: BASIC }, ACTOR);
    const helped = await upstreams.set('docker.io', { credentialHelper: 'desktop' }, ACTOR);
    expect(helped).toMatchObject({ hasCredentials: true, credentialSource: 'credential-helper' });
    const { credentials } = await upstreams.settingsOf('docker.io');
    const password = 'of https://index.docker.io/v1/';
    expect(credentials).toEqual({ kind: 'basic', username: 'desktop', password });
    expect(await storage.upstreams.sealedCredentials('docker.io')).toBeUndefined();
  });

  it.each(['empty', 'broken'])('of a helper that is %s are denied, with a hint', async (name) => {
    await upstreams.set('quay.io', { credentialHelper: name }, ACTOR);
    await expect(upstreams.settingsOf('quay.io')).rejects.toMatchObject({
      code: 'upstream-denied',
      detail: { upstream: 'quay.io', hint: expect.stringContaining(`docker-credential-${name}`) },
    });
  });

  it('stay when settings change, and go when they are taken away', async () => {
    await upstreams.set('quay.io', { credentials: BASIC }, ACTOR);
    const changed = await upstreams.set('quay.io', { requestsPerSecond: 5 }, ACTOR);
    expect(changed.hasCredentials).toBe(true);
    const bare = await upstreams.set('quay.io', { credentials: null }, ACTOR);
    expect(bare).toMatchObject({ hasCredentials: false, requestsPerSecond: 5 });
    expect((await upstreams.settingsOf('quay.io')).credentials).toBeUndefined();
  });

  it('are refused when one is empty, without a word of the other', async () => {
    const empty = { ...BASIC, username: '' };
    const error = await upstreams
      .set('quay.io', { credentials: empty }, ACTOR)
      .catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: 'request-invalid' });
    expect(JSON.stringify([error, String(error)])).not.toContain(PASSWORD);
    expect(await upstreams.find('quay.io')).toBeUndefined();
  });

  it('of another host do not open when somebody moves them', async () => {
    await upstreams.set('quay.io', { credentials: BASIC }, ACTOR);
    await upstreams.set('evil.example', {}, ACTOR);
    const sealed = await storage.upstreams.sealedCredentials('quay.io');
    await storage.upstreams.setCredentials('evil.example', sealed, ACTOR);
    const read = open().settingsOf('evil.example');
    await expect(read).rejects.toMatchObject({ code: 'secret-unreadable' });
  });

  it('are lost with the key, and can be set again', async () => {
    await upstreams.set('quay.io', { credentials: BASIC }, ACTOR);
    rmSync(storage.layout.mirrorKey);
    const lost = open().settingsOf('quay.io');
    await expect(lost).rejects.toMatchObject({ code: 'secret-unreadable' });
    await open().set('quay.io', { credentials: BASIC }, ACTOR);
    expect((await open().settingsOf('quay.io')).credentials).toEqual(BASIC);
  });
});

it('remembers the quota of an upstream', async () => {
  await upstreams.set('docker.io', {}, ACTOR);
  const quota = { limit: 100, remaining: 42, windowSeconds: 21_600, source: undefined };
  await upstreams.noteQuota('docker.io', quota);
  const { source: _, ...stored } = quota;
  expect((await upstreams.find('docker.io'))?.quota).toEqual(stored);
});

it('removes an upstream that no rule names', async () => {
  const rule = {
    upstream: 'quay.io',
    path: RepositoryName.parse('a/b'),
    destination: RepositoryName.parse('quay.io/a/b'),
    settings: {},
    nextRunAt: undefined,
  };
  const { id } = await storage.mirrorRules.create(rule, ACTOR);
  await expect(upstreams.remove('quay.io', ACTOR)).rejects.toMatchObject({ code: 'still-in-use' });
  await storage.mirrorRules.delete(id, ACTOR);
  await upstreams.remove('quay.io', ACTOR);
  expect(await upstreams.list()).toEqual([]);
});
