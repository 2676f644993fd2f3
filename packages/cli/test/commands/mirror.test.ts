import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { explainFailure } from '../../src/terminal/explain-failure.ts';
import { openCommands } from './command-fixture.ts';

/** A registry without anything in it: enough to see what is asked of one. */
async function startEmptyRegistry(): Promise<string> {
  const server: Server = createServer((request, response) => {
    const isList = request.url?.includes('/tags/list') === true;
    response.writeHead(isList ? 200 : 404, { 'content-type': 'application/json' });
    response.end(isList ? '{"name":"a/b","tags":[]}' : '{"errors":[]}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A registry of which heads alone are asked: every tag is an image of its own. */
async function startRegistryOfHeads(): Promise<string> {
  const server: Server = createServer((request, response) => {
    const digest = createHash('sha256')
      .update(request.url ?? '')
      .digest('hex');
    response.writeHead(200, {
      'content-type': 'application/vnd.oci.image.manifest.v1+json',
      'content-length': 400,
      'docker-content-digest': `sha256:${digest}`,
    });
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe('a rule', () => {
  it('is made with all its options, and its namespace is a mirror', async () => {
    const { run, withStorage } = await openCommands();
    const { record } = await run(
      'mirror add busybox:musl --tags 1.36,1.37 --regex ^2 --exclude -rc --newest 5 --platform linux/amd64 --schedule @daily --no-referrers --prune-after 14 --semver',
      { more: ['>=1.36 <2'] },
    );
    expect(record).toMatchObject({
      destination: 'docker.io/library/busybox',
      source: 'docker.io/library/busybox',
      tags: ['1.36', '1.37', 'musl'],
      regex: ['^2'],
      exclude: ['-rc'],
      semver: '>=1.36 <2',
      newest: 5,
      platforms: ['linux/amd64'],
      schedule: '@daily',
      referrers: false,
      prune: { after_days: 14, max_share: 0.2 },
      nextRun: expect.stringMatching(/T.*Z$/),
    });
    const namespace = await withStorage((storage) => storage.namespaces.find('docker.io'));
    expect(namespace).toMatchObject({ isMirror: true, visibility: 'private' });
  });

  it('that is added once more is changed', async () => {
    const { run } = await openCommands();
    await run('mirror add quay.io/a/b --tags v1');
    const dry = await run('mirror add quay.io/a/b --tags v2 --dry-run');
    expect(dry.notes.join()).toContain("'quay.io/a/b' would be replaced as a whole");
    const { notes } = await run('mirror add quay.io/a/b --tags v2');
    expect(notes.join()).toContain("'quay.io/a/b' is replaced as a whole");
    expect((await run('mirror add quay.io/a/b --tags v2')).notes).toEqual([]);
    expect((await run('mirror show quay.io/a/b')).record).toMatchObject({ tags: ['v2'] });
    expect((await run('mirror list')).rows).toHaveLength(1);
  });

  it('that takes an empty namespace of a team says so', async () => {
    const { run } = await openCommands();
    await run('namespace create crew');
    const dry = await run('mirror add quay.io/a/b --to crew/b --dry-run');
    expect(dry.notes.join()).toContain("The namespace 'crew' would become a mirror");
    const { notes } = await run('mirror add quay.io/a/b --to crew/b');
    expect(notes).toEqual(["The namespace 'crew' is a mirror now: nobody pushes to it any more."]);
    expect((await run('mirror add quay.io/a/c --to crew/c')).notes).toEqual([]);
  });

  it.each([
    ['quay.io', "'quay.io' is read as docker.io/library/quay.io"],
    ['quay.io:5000', "'quay.io:5000' is read as docker.io/library/quay.io"],
    ['localhost', "'localhost' is read as docker.io/library/localhost"],
    ['busybox:1.36', undefined],
    ['quay.io/a/b:1.0', undefined],
  ])('for %s says how that was read, where it may be a mistake', async (from, said) => {
    const { run } = await openCommands();
    const { notes } = await run(`mirror add ${from} --dry-run`);
    const reading = notes.find((note) => note.includes('is read as'));
    expect(reading?.replace(/\. A repository .*$/, '')).toBe(said);
  });

  it.each(['foo', 'busybox'])('needs a namespace for its destination: --to %s', async (to) => {
    const { run } = await openCommands();
    await expect(run(`mirror add quay.io/a/b --to ${to}`)).rejects.toMatchObject({
      code: 'request-invalid',
      detail: { destination: to, hint: `put it into one, such as mirror/${to}` },
    });
  });

  it('is not written in a dry run', async () => {
    const { run } = await openCommands();
    const { record, notes } = await run('mirror add quay.io/a/b --dry-run');
    expect(record).toMatchObject({ change: 'created', destination: 'quay.io/a/b' });
    expect(notes.join()).toContain('dry run');
    expect((await run('mirror list')).rows).toEqual([]);
  });

  it('goes, and its images stay', async () => {
    const { run } = await openCommands();
    await run('mirror add quay.io/a/b');
    await run('mirror remove quay.io/a/b --dry-run');
    expect((await run('mirror list')).rows).toHaveLength(1);
    expect((await run('mirror remove quay.io/a/b')).notes.join()).toContain('stay');
    expect((await run('mirror list')).rows).toEqual([]);
  });

  it.each([
    ['a bad expression', 'mirror add a/b --regex [', 'request-invalid'],
    ['a bad range', 'mirror add a/b --semver newest', 'request-invalid'],
    ['a bad schedule', 'mirror add a/b --schedule daily', 'request-invalid'],
    ['a platform alone', 'mirror add a/b --platform amd64', 'request-invalid'],
    ['a scheme in the name', 'mirror add https://quay.io/a/b', 'request-invalid'],
  ])('with %s is refused', async (_, line, code) => {
    const { run } = await openCommands();
    await expect(run(line)).rejects.toMatchObject({ code });
  });

  it.each<[option: string, value: string]>([
    ['--tags', ''],
    ['--tags', ' , '],
    ['--digest', ''],
    ['--platform', ','],
    ['--regex', ''],
    ['--exclude', ''],
  ])('with %s %j is refused, and takes not all instead', async (option, value) => {
    const { run } = await openCommands();
    const adding = run('mirror add quay.io/a/b', { more: [option, value] });
    await expect(adding).rejects.toMatchObject({
      code: 'commander.invalidArgument',
      message: expect.stringContaining('leave the option out to take all'),
    });
    expect((await run('mirror list')).rows).toEqual([]);
  });

  it('for another upstream does not write where one writes already', async () => {
    const { run } = await openCommands();
    await run('mirror add quay.io/a/b');
    const taken = { code: 'name-taken', detail: { upstream: 'quay.io/a/b' } };
    for (const line of ['mirror add ghcr.io/a/b --to quay.io/a/b', 'mirror apply -']) {
      const stdin = '- {from: ghcr.io/a/b, to: quay.io/a/b}';
      const failure: unknown = await run(line, { stdin }).catch((error: unknown) => error);
      expect(failure, line).toMatchObject(taken);
      expect(explainFailure(failure)).toMatchObject({ exitCode: 6 });
    }
  });

  it('that nobody has ends with 3 and says what there is to do', async () => {
    const { run } = await openCommands();
    await expect(run('mirror show nobody')).rejects.toMatchObject({
      exitCode: 3,
      hint: expect.stringContaining('mirror add'),
    });
    await run('mirror add quay.io/a/b');
    for (const verb of ['show', 'plan', 'sync', 'status', 'log', 'prune', 'remove']) {
      await expect(run(`mirror ${verb} nobody`)).rejects.toMatchObject({ exitCode: 3 });
    }
  });
});

describe('a selector', () => {
  it('means a rule by its destination, its upstream or a glob, and lists what it means', async () => {
    const { run } = await openCommands();
    await run('mirror add busybox');
    await run('mirror add quay.io/a/b --to mirror/b');
    for (const selector of ['busybox', 'docker.io', '*/library/*', 'busybox:musl']) {
      const { rows } = await run(`mirror list ${selector}`);
      expect(rows, selector).toMatchObject([{ destination: 'docker.io/library/busybox' }]);
    }
    expect((await run('mirror list quay.io mirror/*')).rows).toHaveLength(1);
  });

  it.each(['show', 'remove'])('with a tag is no rule to %s', async (verb) => {
    const { run } = await openCommands();
    await run('mirror add busybox');
    await expect(run(`mirror ${verb} busybox:musl`)).rejects.toMatchObject({
      code: 'request-invalid',
      detail: { hint: expect.stringContaining('docker.io/library/busybox') },
    });
    expect((await run('mirror list')).rows).toHaveLength(1);
  });

  it('that is malformed is refused', async () => {
    const { run } = await openCommands();
    await run('mirror add busybox');
    await expect(run('mirror sync https://busybox')).rejects.toMatchObject({
      code: 'request-invalid',
    });
  });
});

async function withFile(text: string) {
  const commands = await openCommands();
  const file = join(commands.dataDirectory, 'rules.yaml');
  await writeFile(file, text);
  return { ...commands, file };
}

describe('files', () => {
  it('of rules are applied: made, changed, or left alone', async () => {
    const { run, file } = await withFile(
      '- {from: busybox, tags: musl}\n- {from: quay.io/a/b, semver: 1.x}\n',
    );
    await run('mirror add quay.io/a/b');
    const changes = async (line: string) =>
      (await run(line)).rows?.map(({ change }) => String(change));
    expect(await changes(`mirror apply ${file} --dry-run`)).toEqual(['created', 'changed']);
    expect(await changes(`mirror apply ${file}`)).toEqual(['created', 'changed']);
    expect(await changes(`mirror apply ${file}`)).toEqual(['unchanged', 'unchanged']);
  });

  it('of rules come by stdin too', async () => {
    const { run } = await openCommands();
    const { rows } = await run('mirror apply -', { stdin: '- from: quay.io/a/b\n' });
    expect(rows).toMatchObject([{ destination: 'quay.io/a/b', change: 'created' }]);
  });

  it('with a mistake apply nothing', async () => {
    const { run, file } = await withFile('- from: busybox\n- {from: quay.io/a/b, tagz: v1}\n');
    await expect(run(`mirror apply ${file}`)).rejects.toThrow('did you mean tags?');
    expect((await run('mirror list')).rows).toEqual([]);
  });

  it("of skopeo's become rules, shown or applied", async () => {
    const { run, file } = await withFile('quay.io:\n  images:\n    coreos/etcd: [v3.1]\n');
    const { text } = await run(`mirror import-config ${file}`);
    expect(text).toContain('from: quay.io/coreos/etcd');
    expect((await run('mirror apply -', { stdin: text })).rows).toHaveLength(1);
    const { record } = await run(`mirror import-config ${file}`);
    const stdin = JSON.stringify(record);
    expect((await run('mirror apply -', { stdin })).rows).toMatchObject([{ change: 'unchanged' }]);
    await run(`mirror import-config ${file} --apply`);
    expect((await run('mirror show quay.io/coreos/etcd')).record).toMatchObject({ tags: ['v3.1'] });
  });
});

describe('a run', () => {
  it('against an upstream without tags ends with 3, and stands in status and log', async () => {
    const { run } = await openCommands();
    await run(`upstream set quay.io --endpoint ${await startEmptyRegistry()}`);
    await run('mirror add quay.io/a/b');
    expect((await run('mirror status')).rows).toMatchObject([{ last: 'never run', tags: 0 }]);
    await expect(run('mirror plan')).rejects.toMatchObject({ exitCode: 3 });
    await expect(run('mirror sync --progress none')).rejects.toMatchObject({ exitCode: 3 });
    expect((await run('mirror status')).rows).toMatchObject([{ last: 'ok' }]);
    expect((await run('mirror log')).rows).toMatchObject([
      { outcome: 'ok', destination: 'quay.io/a/b' },
    ]);
  });

  it('whose listing fails is told, and the others are planned', async () => {
    const { run } = await openCommands();
    await run(`upstream set quay.io --endpoint ${await startEmptyRegistry()}`);
    await run('upstream set down.example --endpoint http://127.0.0.1:9');
    await run('mirror add down.example/a/b');
    await run('mirror add quay.io/a/b:v1');
    const failure = await run('mirror plan').catch((error: unknown) => error);
    expect(failure).toMatchObject({ exitCode: 1 });
  });

  it('is planned with what the rules before it leave of the limit', async () => {
    const { run, withStorage } = await openCommands();
    await run(`upstream set quay.io --endpoint ${await startRegistryOfHeads()}`);
    const quota = { limit: 10, remaining: 3, windowSeconds: 21_600, observedAt: Date.now() };
    await withStorage(({ upstreams }) => upstreams.noteQuota('quay.io', quota));
    for (const path of ['a/b', 'a/c']) {
      await run(`mirror add quay.io/${path} --tags 1,2 --no-referrers`);
    }
    const { rows } = await run('mirror plan');
    expect(rows?.map((row) => row['quota'])).toEqual([
      '2 of 10 pulls',
      expect.stringMatching(/^1 of 2 pulls now, the rest at /),
    ]);
  });

  it('for a tag that is not there ends with 1 and names it', async () => {
    const { run } = await openCommands();
    await run(`upstream set quay.io --endpoint ${await startEmptyRegistry()}`);
    await run('mirror add quay.io/a/b:v1');
    await expect(run('mirror sync --progress plain')).rejects.toMatchObject({ exitCode: 1 });
    expect((await run('mirror status --tags')).rows).toMatchObject([
      { destination: 'quay.io/a/b', tag: 'v1', digest: null, error: expect.stringContaining('v1') },
    ]);
  });

  it.each(['sync --jobs 0', 'sync --fresh-for soon', 'sync --progress loud', 'log --limit -1'])(
    'refuses %s',
    async (line) => {
      const { run } = await openCommands();
      await expect(run(`mirror ${line}`)).rejects.toMatchObject({ code: /^commander\./ });
    },
  );

  it.each(['plan', 'sync', 'sync --dry-run'])(
    'does not begin with an auth file that cannot be read: %s',
    async (verb) => {
      const { run, file } = await withFile('no JSON');
      await run('mirror add quay.io/a/b:v1');
      for (const authfile of [file, `${file}.missing`]) {
        await expect(run(`mirror ${verb} --authfile ${authfile}`)).rejects.toMatchObject({
          code: 'request-invalid',
          message: expect.stringContaining(authfile),
        });
      }
      expect((await run('mirror log')).rows).toEqual([]);
    },
  );

  it('is not pruned before it has run', async () => {
    const { run } = await openCommands();
    await run('mirror add quay.io/a/b');
    await expect(run('mirror prune')).rejects.toMatchObject({ exitCode: 1 });
  });
});
