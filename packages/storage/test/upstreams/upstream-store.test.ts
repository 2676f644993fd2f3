import { RepositoryName } from '@portolan/oci';
import { describe, expect, it } from 'vitest';
import { ACTOR, openAccess } from '../access-fixture.ts';

const HOST = 'quay.io';
const SEALED = Buffer.from('sealed');

describe('an upstream', () => {
  it('is made, and replaced with its credentials and quota left as they are', async () => {
    const { upstreams } = await openAccess();
    const made = await upstreams.set(HOST, { proxy: 'http://p' }, ACTOR);
    expect(made).toMatchObject({ host: HOST, hasCredentials: false, quota: undefined });
    await upstreams.setCredentials(HOST, SEALED, ACTOR);
    await upstreams.noteQuota(HOST, { remaining: 42 });
    const changed = await upstreams.set(HOST, { endpoint: 'http://e' }, ACTOR);
    expect(changed).toEqual({
      ...made,
      settings: { endpoint: 'http://e' },
      hasCredentials: true,
      quota: { remaining: 42 },
    });
    expect(await upstreams.find(HOST)).toEqual(changed);
    expect((await upstreams.sealedCredentials(HOST))?.toString()).toBe('sealed');
  });

  it('loses its credentials when asked to', async () => {
    const { upstreams } = await openAccess();
    await upstreams.set(HOST, {}, ACTOR);
    await upstreams.setCredentials(HOST, SEALED, ACTOR);
    await upstreams.setCredentials(HOST, undefined, ACTOR);
    expect(await upstreams.find(HOST)).toMatchObject({ hasCredentials: false });
    expect(await upstreams.sealedCredentials(HOST)).toBeUndefined();
  });

  it('is listed by host', async () => {
    const { upstreams } = await openAccess();
    for (const host of ['quay.io', 'docker.io', 'ghcr.io']) await upstreams.set(host, {}, ACTOR);
    const hosts = (await upstreams.list()).map(({ host }) => host);
    expect(hosts).toEqual(['docker.io', 'ghcr.io', 'quay.io']);
  });

  it('is not there for credentials, quota or deletion when nobody made it', async () => {
    const { upstreams } = await openAccess();
    const unknown = { code: 'not-found', detail: { kind: 'upstream', name: HOST } };
    await expect(upstreams.setCredentials(HOST, SEALED, ACTOR)).rejects.toMatchObject(unknown);
    await expect(upstreams.delete(HOST, ACTOR)).rejects.toMatchObject(unknown);
    await upstreams.noteQuota(HOST, { remaining: 1 });
    expect(await upstreams.find(HOST)).toBeUndefined();
  });

  it('stays while a rule names it', async () => {
    const { upstreams, mirrorRules } = await openAccess();
    const rule = await mirrorRules.create(
      {
        upstream: HOST,
        path: RepositoryName.parse('a/b'),
        destination: RepositoryName.parse('quay.io/a/b'),
        settings: {},
        nextRunAt: undefined,
      },
      ACTOR,
    );
    expect(await upstreams.find(HOST)).toMatchObject({ settings: {} });
    const refused = { code: 'still-in-use', detail: { rules: 1 } };
    await expect(upstreams.delete(HOST, ACTOR)).rejects.toMatchObject(refused);
    await mirrorRules.delete(rule.id, ACTOR);
    await upstreams.delete(HOST, ACTOR);
    expect(await upstreams.list()).toEqual([]);
  });

  it('leaves a record of each change, and nothing secret in it', async () => {
    const { upstreams, database, auditActions } = await openAccess();
    await upstreams.set(HOST, {}, ACTOR);
    await upstreams.setCredentials(HOST, SEALED, ACTOR);
    await upstreams.setCredentials(HOST, undefined, ACTOR);
    await upstreams.delete(HOST, ACTOR);
    expect(await auditActions()).toEqual([
      'upstream.set quay.io',
      'upstream.set-credentials quay.io',
      'upstream.drop-credentials quay.io',
      'upstream.delete quay.io',
    ]);
    const rows = await database.read.selectFrom('audit').selectAll().execute();
    expect(JSON.stringify(rows)).not.toContain('sealed');
  });
});
