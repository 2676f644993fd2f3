// The scheduled job, against an upstream that wants a login which changes, and that can be slow.
import { createSecretBox, createUpstreams } from '@portolan/mirror';
import { RepositoryName } from '@portolan/oci';
import { type MirrorRule, openStorage, type Storage } from '@portolan/storage';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { delimiter, join } from 'node:path';
import pino from 'pino';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { makeImage } from '../../../../../test/support/image.ts';
import { randomId } from '../../../src/random-id.ts';
import { mirrorJob } from '../../../src/serve/jobs/mirror-job.ts';
import { scratchDirectory, waitUntil } from '../start-server.ts';

const HOST = 'up.example';
const LOOK_EVERY_MS = 20;
const images = new Map(['slow', 'quick'].map((name) => [name, makeImage()]));
const path = process.env['PATH'];

const askHelper = async () => undefined;

let directory: string;
let storage: Storage;
let upstream: Server;
let stop: AbortController;
let job: Promise<unknown> | undefined;

const ROUTE = /^\/v2\/(\w+)\/(manifests|blobs|tags)\/([^/?]+)/;

/** Blobs of a repository that is called slow do not come. */
function answer(request: IncomingMessage, response: ServerResponse): void {
  const pair = `robot:${readFileSync(join(directory, 'password'), 'utf8')}`;
  if (request.headers.authorization !== `Basic ${Buffer.from(pair).toString('base64')}`) {
    response.writeHead(401, { 'www-authenticate': 'Basic realm="test"' }).end();
    return;
  }
  const [, repository, kind, name = ''] = ROUTE.exec(request.url ?? '') ?? [];
  if (repository === 'slow' && kind === 'blobs') return;
  if (kind === 'tags') {
    response.end(JSON.stringify({ tags: ['latest'] }));
    return;
  }
  const image = images.get(repository ?? '');
  const contents = [...(image?.blobs ?? []), ...(image?.manifests ?? [])];
  const found = name === 'latest' ? image?.root : contents.find(({ digest }) => digest === name);
  if (found === undefined) {
    response.writeHead(404).end();
    return;
  }
  const { mediaType, digest, bytes } = found;
  response.writeHead(200, { 'content-type': mediaType, 'docker-content-digest': digest });
  response.end(request.method === 'HEAD' ? undefined : bytes);
}

async function startUpstream(): Promise<Server> {
  const server = createServer(answer);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return server;
}

function writeHelper(): void {
  writeFileSync(join(directory, 'password'), 'first');
  const script = [
    '#!/bin/sh',
    `echo asked >> '${directory}/asked'`,
    `printf '{"Username":"robot","Secret":"%s"}' "$(cat '${directory}/password')"`,
  ];
  const file = join(directory, 'docker-credential-test');
  writeFileSync(file, `${script.join('\n')}\n`, { mode: 0o755 });
  process.env['PATH'] = `${directory}${delimiter}${path ?? ''}`;
}

beforeEach(async () => {
  directory = scratchDirectory();
  writeHelper();
  const times = { leaseMs: 60_000, uploadIdleMs: 60_000, orphanFileMs: 60_000 };
  const clock = Date.now;
  storage = await openStorage({
    directory: join(directory, 'data'),
    clock,
    randomId,
    times,
    diskFloorBytes: 0,
  });
  upstream = await startUpstream();
  const secrets = createSecretBox({ keyFile: storage.layout.mirrorKey });
  const endpoint = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`;
  await createUpstreams({ stores: storage.upstreams, secrets, askHelper }).set(
    HOST,
    { endpoint, credentialHelper: 'test' },
    'tester',
  );
  stop = new AbortController();
});

afterEach(async () => {
  stop.abort();
  await job;
  upstream.closeAllConnections();
  upstream.close();
  await storage.close();
  process.env['PATH'] = path;
});

function makeRule(name: string): Promise<MirrorRule> {
  const destination = RepositoryName.parse(`${HOST}/${name}`);
  const at = { upstream: HOST, path: RepositoryName.parse(name), destination };
  return storage.mirrorRules.create(
    { ...at, settings: { schedule: '@daily' }, nextRunAt: 1 },
    'tester',
  );
}

function startJob(): void {
  const logger = pino({ level: 'silent' });
  const egress = { allowedNetworks: ['127.0.0.0/8'] };
  job = mirrorJob({ storage, egress, logger, randomId }, LOOK_EVERY_MS).run(stop.signal);
}

async function outcomes({ id }: MirrorRule): Promise<string[]> {
  return (await storage.mirrorRuns.list(id, 10)).map(({ outcome }) => outcome);
}

it('runs a quick rule again at its time, while a slow one of the same upstream goes on', async () => {
  const slow = await makeRule('slow');
  const quick = await makeRule('quick');
  startJob();
  await waitUntil(async () => (await outcomes(quick))[0] === 'ok');
  await storage.mirrorRules.setNextRun(quick.id, 1);
  await waitUntil(async () => (await outcomes(quick)).length === 2);
  await waitUntil(async () => (await outcomes(quick))[0] === 'ok');
  expect(await outcomes(slow)).toEqual(['running']);
});

it('asks the credential helper for each run, and works with what it says then', async () => {
  await makeRule('slow');
  const quick = await makeRule('quick');
  startJob();
  await waitUntil(async () => (await outcomes(quick))[0] === 'ok');
  const asked = () => readFileSync(join(directory, 'asked'), 'utf8').split('\n').length - 1;
  const before = asked();
  writeFileSync(join(directory, 'password'), 'second');
  await storage.mirrorRules.setNextRun(quick.id, 1);
  await waitUntil(async () => (await outcomes(quick)).length === 2);
  await waitUntil(async () => (await outcomes(quick))[0] !== 'running');
  expect(await outcomes(quick)).toEqual(['ok', 'ok']);
  expect(asked()).toBe(before + 1);
});

it('ends when nothing runs any more', async () => {
  const quick = await makeRule('quick');
  startJob();
  await job;
  expect(await outcomes(quick)).toEqual(['ok']);
});
