// Whose word counts when a command talks to another registry: what was typed, what is stored, what the
// person's own files know, in this order.
import type { UpstreamSettings } from '@portolan/mirror';
import { RepositoryName } from '@portolan/oci';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { placeSettings, type PlaceSettingsDeps } from '../../src/commands/place-settings.ts';
import type { Side, SideAccess } from '../../src/commands/sync-request.ts';

const TYPED = { kind: 'basic', username: 'ann', password: 'typed' } as const;
const KEPT = { kind: 'basic', username: 'robot', password: 'stored' } as const;
const OWN = { kind: 'basic', username: 'me', password: 'own' } as const;

const OF_ENDPOINT = { kind: 'basic', username: 'me', password: 'of the endpoint' } as const;

const NOTHING: SideAccess = {
  credentials: undefined,
  isAnonymous: false,
  authFile: undefined,
  certDirectory: undefined,
  verifiesTls: undefined,
};

const STORED: UpstreamSettings = {
  host: 'quay.io',
  endpoint: 'https://mirror.example',
  ca: 'the stored authority',
  verifiesTls: false,
  proxy: 'http://stored.example:3128',
  credentials: KEPT,
  requestsPerSecond: 5,
  bytesPerSecond: 4096,
  allowedHosts: ['cdn.example'],
};

interface Given {
  readonly access?: Partial<SideAccess>;
  readonly stored?: UpstreamSettings;
  readonly side?: Side;
}

async function settingsFor(host: string, { access = {}, stored, side = 'src' }: Given) {
  const deps: PlaceSettingsDeps = {
    request: {
      access: { src: { ...NOTHING, ...access }, dest: { ...NOTHING, ...access } },
      allowedHosts: ['typed.example'],
    },
    environment: { HTTPS_PROXY: 'http://own.example:3128' },
    files: { authFiles: [], isAuthFileNamed: false, certDirectories: [] },
    findLogin: async ({ host: asked }) => (asked === 'mirror.example' ? OF_ENDPOINT : OWN),
    stored: {
      settingsOf: async (asked) => (asked === 'quay.io' ? stored : undefined),
    },
  };
  const upstream = { host, path: RepositoryName.parse('a/b') };
  return placeSettings(deps, { upstream, side, registry: undefined });
}

describe('a source', () => {
  it('that is stored is reached as the mirror reaches it', async () => {
    expect(await settingsFor('quay.io', { stored: STORED })).toEqual({
      ...STORED,
      allowedHosts: ['typed.example', 'cdn.example'],
    });
  });

  it('is reached with what was typed, whatever is stored', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'portolan-places-'));
    onTestFinished(() => rm(directory, { recursive: true }));
    await writeFile(join(directory, 'ca.crt'), 'the typed authority');
    const access = { credentials: TYPED, certDirectory: directory, verifiesTls: true };
    expect(await settingsFor('quay.io', { access, stored: STORED })).toMatchObject({
      endpoint: STORED.endpoint,
      ca: 'the typed authority',
      verifiesTls: true,
      credentials: TYPED,
    });
  });

  it('goes without a login when that was typed', async () => {
    const settings = await settingsFor('quay.io', {
      access: { isAnonymous: true },
      stored: STORED,
    });
    expect(settings.credentials).toBeUndefined();
  });

  it('at another endpoint gets the login for that, and not for the registry', async () => {
    const settings = await settingsFor('quay.io', {
      stored: { ...STORED, credentials: undefined },
    });
    expect(settings).toMatchObject({ endpoint: STORED.endpoint, credentials: OF_ENDPOINT });
  });

  it.each<[what: string, stored: UpstreamSettings | undefined]>([
    [
      'has none of its own',
      {
        host: 'quay.io',
        verifiesTls: false,
        endpoint: undefined,
        ca: undefined,
        proxy: undefined,
        credentials: undefined,
        requestsPerSecond: undefined,
        bytesPerSecond: undefined,
        allowedHosts: [],
      },
    ],
    ['is not stored', undefined],
  ])('that %s takes logins and proxy of the person', async (_what, stored) => {
    expect(await settingsFor('quay.io', stored === undefined ? {} : { stored })).toMatchObject({
      credentials: OWN,
      proxy: 'http://own.example:3128',
      ca: undefined,
    });
  });

  it.each([
    ['localhost:5000', false],
    ['ghcr.io', true],
  ])('%s that is not stored has its certificate checked: %s', async (host, verifiesTls) => {
    expect(await settingsFor(host, { stored: STORED })).toMatchObject({
      endpoint: undefined,
      verifiesTls,
      requestsPerSecond: undefined,
    });
  });
});

it('a destination is no upstream: what is stored is not for it', async () => {
  const settings = await settingsFor('quay.io', { stored: STORED, side: 'dest' });
  expect(settings).toMatchObject({ endpoint: undefined, credentials: OWN, verifiesTls: true });
});
