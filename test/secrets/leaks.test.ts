// Drives everything that takes a secret, at the log level that tells most, and then looks for the secrets:
// on stdout and stderr, in the audit log, in every file of the data directory, in the metrics.
import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { digestAt, LOOPBACK } from '../mirror/world.ts';
import { makeImage } from '../support/image.ts';
import { createRegistryClient, pushImage } from '../support/registry-client.ts';
import { basic, readService } from '../support/request-token.ts';
import { type Portolan, runPortolan, startPortolan } from '../support/start-portolan.ts';
import { createCage, findCanaries, findInFiles } from './canaries.ts';

const cage = createCage();
const image = makeImage();
const MIRRORED = 'vendor.example/admin/app';
let vendor: Portolan;
let portolan: Portolan;
/** What commands printed. */
let printed = '';

async function command(line: string, more: Record<string, string> = {}): Promise<void> {
  const environment = { dataDir: portolan.dataDir, more: { ...LOOPBACK, ...more } };
  const ended = await runPortolan(line.split(' '), environment);
  printed += ended.stdout + ended.stderr;
  expect(ended.code, `${line}\n${ended.stderr}`).toBe(0);
}

function database<T>(work: (open: DatabaseSync) => T): T {
  const open = new DatabaseSync(join(portolan.dataDir, 'portolan.db'), { timeout: 5000 });
  try {
    return work(open);
  } finally {
    open.close();
  }
}

async function waitFor(isSo: () => boolean): Promise<void> {
  for (let i = 0; i < 300 && !isSo(); i++) await delay(100);
  expect(isSo(), portolan.logs()).toBe(true);
}

beforeAll(async () => {
  vendor = await startPortolan({
    env: { PORTOLAN_ADMIN_PASSWORD: cage.make('upstream password') },
  });
  const bearer = await vendor.token(['repository:admin/app:pull,push']);
  await pushImage(createRegistryClient(vendor.url, bearer), 'admin/app', image, '1');
  portolan = await startPortolan({
    workers: 2,
    env: {
      ...LOOPBACK,
      PORTOLAN_ADMIN_PASSWORD: cage.make('administrator password'),
      PORTOLAN_LOG_LEVEL: 'trace',
      PORTOLAN_ACCESS_LOG: 'true',
      PORTOLAN_METRICS_LISTEN: '0',
      PORTOLAN_TRUSTED_PROXIES: '127.0.0.1',
    },
  });
});

afterAll(async () => {
  await portolan?.stop();
  await vendor?.stop();
});

interface TokenRequest {
  readonly query?: Readonly<Record<string, string>>;
  readonly form?: Readonly<Record<string, string>>;
  readonly login?: string;
}

async function requestToken({ query, form, login }: TokenRequest): Promise<Response> {
  const service = await readService(portolan.url);
  const url = new URL('/token', portolan.url);
  const headers = new Headers({ cookie: `session=${cage.make('cookie')}` });
  if (login !== undefined) {
    headers.set('authorization', `Basic ${Buffer.from(login).toString('base64')}`);
  }
  if (form !== undefined) {
    const body = new URLSearchParams({ service, client_id: 'test', ...form });
    return fetch(url, { method: 'POST', headers, body });
  }
  const scope = 'repository:admin/a:pull';
  url.search = new URLSearchParams({ service, scope, ...query }).toString();
  return fetch(url, { headers });
}

/** Sends bytes as they are, and waits until the server has closed, or has had time to answer. */
async function sendRaw(text: string): Promise<void> {
  const socket = connect(portolan.port, '127.0.0.1');
  socket.on('error', () => undefined).resume();
  await once(socket, 'connect');
  socket.write(text, 'latin1');
  await Promise.race([once(socket, 'close'), delay(1500)]);
  socket.destroy();
}

describe('secrets are sent', () => {
  it('by logins, right and wrong', async () => {
    const password = portolan.adminPassword;
    const good = await requestToken({
      login: `admin:${password}`,
      query: { offline_token: 'true' },
    });
    const { token: access, refresh_token: refresh } = (await good.json()) as Record<string, string>;
    cage.add('access token', (access ?? '').split('.')[2] ?? '');
    cage.add('refresh token', refresh ?? '');
    const form = { grant_type: 'password', username: 'admin', password };
    const refreshed = { grant_type: 'refresh_token', refresh_token: refresh ?? '' };
    const answers = [
      await requestToken({ login: `admin:${cage.make('wrong password')}` }),
      // People type their password where the name belongs.
      await requestToken({ login: `${cage.make('password as name')}:x` }),
      await requestToken({ query: { password: cage.make('password in query'), account: 'admin' } }),
      await requestToken({ form }),
      await requestToken({ form: { ...form, password: cage.make('wrong password in form') } }),
      await requestToken({ form: refreshed }),
      await requestToken({
        form: { ...refreshed, refresh_token: cage.make('wrong refresh token') },
      }),
      await requestToken({ form: { grant_type: cage.make('grant type') } }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([401, 401, 200, 200, 401, 200, 401, 400]);
  });

  it('by pushes, pulls and queries', async () => {
    const bearer = await portolan.token(['repository:admin/app:pull,push']);
    cage.add('push token', bearer.split('.')[2] ?? '');
    const client = createRegistryClient(portolan.url, bearer);
    await pushImage(client, 'admin/app', image, '1');
    expect(await digestAt(client, 'admin/app', '1')).toBe(image.root.digest);
    const other = createRegistryClient(portolan.url, cage.make('foreign bearer'));
    const headers = { 'proxy-authorization': `Basic ${cage.make('proxy credentials')}` };
    for (const path of [
      `/v2/?access_token=${cage.make('token in query')}`,
      `/v2/admin/app/manifests/1?token=${cage.make('token in manifest query')}`,
      `/v2/admin/app/blobs/uploads/?digest=${cage.make('secret in upload query')}`,
    ]) {
      await other.send('GET', path, { headers });
    }
  });

  it('to a mirrored registry, by engines that think it is that', async () => {
    for (const path of ['/v2/admin/app/manifests/1', '/v2/', '/token']) {
      const url = new URL(`${path}?ns=vendor.example&service=vendor.example`, portolan.url);
      const password = cage.make(`for upstream ${path}`);
      await fetch(url, { headers: { authorization: basic({ name: 'somebody', password }) } });
      const bearer = `Bearer ${cage.make(`bearer for upstream ${path}`)}`;
      await fetch(url, { headers: { authorization: bearer } });
    }
  });

  it('by the mirror, with credentials that are right and wrong', async () => {
    const login = '--username admin --password-env UPSTREAM_PASSWORD';
    const right = { UPSTREAM_PASSWORD: vendor.adminPassword };
    const wrong = { UPSTREAM_PASSWORD: cage.make('wrong upstream password') };
    await command(`upstream set vendor.example --endpoint ${vendor.url} ${login}`, right);
    await command(`upstream set broken.example --endpoint ${vendor.url} ${login}`, wrong);
    await command(`mirror add ${MIRRORED} --schedule @hourly`);
    await command('mirror add broken.example/admin/app --schedule @hourly');
    await command('upstream list --output json');
    await command('mirror list --output json');
    database((open) => open.exec('UPDATE mirror_rule SET next_run_at = 1'));
    const runs = () => portolan.logs().match(/"jobRun":"[0-9a-f]{32}","runId":\d+.*"mirror run"/g);
    await waitFor(() => (runs() ?? []).length >= 2);
    const scopes = [`repository:${MIRRORED}:pull`];
    const client = createRegistryClient(portolan.url, await portolan.token(scopes));
    expect(await digestAt(client, MIRRORED, '1')).toBe(image.root.digest);
  });

  it('in requests that are none', async () => {
    const chunked = 'Transfer-Encoding: chunked\r\n\r\nZZ\r\n';
    const secretHeaders = (name: string): string => {
      const pair = Buffer.from(`a:${cage.make(name)}`).toString('base64');
      return `Host: a\r\nAuthorization: Basic ${pair}\r\n`;
    };
    const lines = [
      'PUT /v2/admin/app/manifests/1',
      'POST /token',
      'GET /livez',
      'PATCH /v2/a/b/blobs/uploads/c',
    ];
    const badBodies = lines.map(
      (line) =>
        `${line} HTTP/1.1\r\n${secretHeaders(line)}${chunked}password=${cage.make(`body of ${line}`)}`,
    );
    const requests = [
      ...badBodies,
      `GET /v2/ HTTP/1.1\r\n${secretHeaders('bad header')}no colon ${cage.make('line')}\r\n\r\n`,
      `GET /v2/ ${cage.make('request line')} HTTP/1.1\r\n${secretHeaders('bad line')}\r\n`,
      `GET http://[::1/?token=${cage.make('bad target')} HTTP/1.1\r\n${secretHeaders('of it')}\r\n`,
      `GET http://user:${cage.make('userinfo')}@a/v2/ HTTP/1.1\r\n${secretHeaders('absolute')}\r\n`,
      `GET /v2/ HTTP/1.1\r\nHost: b\r\n${secretHeaders('two hosts')}\r\n`,
      `GET /v2/ HTTP/1.1\r\n${secretHeaders('large')}Cookie: ${cage.make('large').repeat(2000)}\r\n\r\n`,
      `PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n${cage.make('http 2')}`,
      `CONNECT user:${cage.make('connect')}@a:443 HTTP/1.1\r\n${secretHeaders('to connect')}\r\n`,
      `GET /v2/ HTTP/1.1\r\n${secretHeaders('both')}Content-Length: 3\r\n${chunked}`,
    ];
    for (const request of requests) await sendRaw(request);
  });
});

describe('a request that was answered', () => {
  const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
  const headers = { traceparent: `00-${TRACE}-00f067aa0ba902b7-01`, 'x-request-id': 'proxy-17' };

  it.each(['/v2/', '/token?service=none'])(
    '%s is found by its id in log and body',
    async (path) => {
      const answer = await fetch(new URL(path, portolan.url), { headers });
      const id = answer.headers.get('x-request-id') ?? '';
      expect(id).toMatch(/^[0-9a-f]{32}$/);
      const { errors } = (await answer.json()) as { errors: { detail: { requestId: string } }[] };
      expect(errors[0]?.detail.requestId).toBe(id);
      await waitFor(() => portolan.logs().includes(id));
      const lines = portolan.logs().split('\n');
      expect(JSON.parse(lines.find((line) => line.includes(id)) ?? '')).toMatchObject({
        requestId: id,
        traceId: TRACE,
        proxyRequestId: 'proxy-17',
      });
    },
  );
});

describe('no secret', () => {
  it('is in what was printed or logged', async () => {
    await waitFor(() => portolan.logs().includes('"msg":"connection failed"'));
    await delay(1000);
    const logs = portolan.logs();
    expect(logs.split('\n').length).toBeGreaterThan(30);
    expect(findCanaries(cage.canaries, logs)).toEqual([]);
    expect(findCanaries(cage.canaries, printed)).toEqual([]);
  });

  it('is printed or logged in its sealed form', () => {
    const rows = database((open) =>
      open.prepare('SELECT sealed_credentials AS sealed FROM upstream').all(),
    );
    expect(rows).toHaveLength(2);
    for (const { sealed } of rows) {
      // The middle is the ciphertext, whatever stands before and after.
      const bytes = Buffer.from(sealed as Uint8Array).subarray(16, 32);
      const base64 = bytes.toString('base64').slice(0, 20);
      for (const form of [bytes.toString('hex'), base64, [...bytes].join()]) {
        expect(portolan.logs() + printed).not.toContain(form);
      }
    }
  });

  it('is in the audit log', () => {
    const rows = database((open) => open.prepare('SELECT * FROM audit').all());
    expect(rows.length).toBeGreaterThan(3);
    expect(findCanaries(cage.canaries, JSON.stringify(rows))).toEqual([]);
  });

  it('is in a file of the data directory', async () => {
    expect(await findInFiles(cage.canaries, portolan.dataDir)).toEqual([]);
  });

  it('is in the metrics', async () => {
    const [, url = ''] = /"url":"(http:[^"]+\/metrics)"/.exec(portolan.logs()) ?? [];
    const text = await (await fetch(url)).text();
    expect(text).toContain('auth_login_failures_total');
    expect(findCanaries(cage.canaries, text)).toEqual([]);
    expect(text).not.toContain('canary');
  });

  it('would be overlooked, in none of its spellings', () => {
    const canary = { name: 'one', secret: 'canary-0123456789abcdef' };
    const bytes = Buffer.from(`a:${canary.secret}`);
    for (const text of [
      canary.secret,
      bytes.toString('base64'),
      bytes.toString('hex'),
      JSON.stringify(bytes),
      Buffer.from(`ab:${canary.secret}`).toString('base64'),
      Buffer.from(`abc:${canary.secret}`).toString('base64'),
    ]) {
      expect(findCanaries([canary], `before ${text} after`), text).toHaveLength(1);
    }
  });
});
