import type { Upstreams, UpstreamSettings } from '@portolan/mirror';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CommandContext } from '../../src/commands/context.ts';
import { type LoginOptions, withPersonalLogins } from '../../src/commands/personal-logins.ts';

const STORED = { kind: 'registry-token', token: 'stored' } as const;
const MINE = { kind: 'basic', username: 'me', password: 'mine' };
const NAMED = { kind: 'basic', username: 'me', password: 'named' };

let directory: string;

function authFile(name: string, password: string): string {
  const file = join(directory, name);
  const auth = Buffer.from(`me:${password}`).toString('base64');
  writeFileSync(file, JSON.stringify({ auths: { 'quay.io': { auth } } }));
  return file;
}

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'portolan-logins-'));
});

afterAll(() => rmSync(directory, { recursive: true }));

async function credentialsFor(
  host: string,
  options: LoginOptions,
  stored?: UpstreamSettings['credentials'],
  endpoint?: string,
) {
  const environment = { REGISTRY_AUTH_FILE: authFile('mine.json', 'mine') };
  // Only what is asked for here.
  const upstreams = {
    settingsOf: async (asked: string) => ({ host: asked, credentials: stored, endpoint }),
  } as unknown as Upstreams;
  const wrap = await withPersonalLogins({ environment } as unknown as CommandContext, options);
  return (await wrap(upstreams).settingsOf(host)).credentials;
}

describe('the logins of the person who starts a run', () => {
  it('are left alone unless asked for', async () => {
    expect(await credentialsFor('quay.io', {})).toBeUndefined();
  });

  it('are used with --use-logins', async () => {
    expect(await credentialsFor('quay.io', { useLogins: true })).toEqual(MINE);
    expect(await credentialsFor('other.example', { useLogins: true })).toBeUndefined();
  });

  it('are those of --authfile, which must be there', async () => {
    const authfile = authFile('named.json', 'named');
    expect(await credentialsFor('quay.io', { authfile })).toEqual(NAMED);
    const missing = credentialsFor('quay.io', { authfile: join(directory, 'missing') });
    await expect(missing).rejects.toMatchObject({ code: 'request-invalid' });
  });

  it.each<[endpoint: string, credentials: object | undefined]>([
    ['https://quay.io', MINE],
    ['quay.io:443', MINE],
    ['https://cache.example', undefined],
    ['cache.example:5000', undefined],
    ['https://quay.io.cache.example', undefined],
    ['http://quay.io:8080', undefined],
  ])('go to %s only as its own', async (endpoint, credentials) => {
    const found = await credentialsFor('quay.io', { useLogins: true }, undefined, endpoint);
    expect(found).toEqual(credentials);
    const ofEndpoint = credentialsFor('other.example', { useLogins: true }, undefined, endpoint);
    expect(await ofEndpoint).toEqual(credentials);
  });

  it('never take the place of what the upstream has', async () => {
    expect(await credentialsFor('quay.io', { useLogins: true }, STORED)).toEqual(STORED);
  });
});
