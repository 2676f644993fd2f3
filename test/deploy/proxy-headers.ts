// What a proxy tells Portolan of its clients, what clients may not tell it themselves, and what comes back:
// addresses in answers follow from the settings alone. Plain HTTP leads to https, but for what clients need
// before that.
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { basic } from '../support/request-token.ts';
import { ADMIN, CLIENT_ADDRESS, type OneBox } from './one-box.ts';

const HOST = 'registry.lan';

const FORGED = {
  'x-forwarded-for': '198.51.100.66',
  'x-forwarded-proto': 'http',
  'x-forwarded-host': 'evil.example',
  'x-forwarded-port': '81',
  'x-request-id': 'forged-by-the-client',
  forwarded: 'for=198.51.100.66;proto=http;host=evil.example',
};

/** Log lines come a moment after the answer. */
async function waitForLog(logs: () => string, text: string): Promise<string> {
  for (let i = 0; i < 100; i++) {
    const line = logs()
      .split('\n')
      .find((one) => one.includes(text));
    if (line !== undefined) return line;
    await delay(50);
  }
  throw new Error(`no log line with ${text}`);
}

/** The line of a login that fails, with all headers that a client might forge. */
async function logOfForgedRequest({ client, logs }: OneBox): Promise<string> {
  const headers = { ...FORGED, authorization: basic({ name: 'admin', password: 'wrong' }) };
  const path = '/token?service=registry.lan&scope=repository:forged/client:pull';
  const answer = await client.send({ host: HOST, path, headers });
  expect(answer.status).toBe(401);
  return waitForLog(logs, answer.headers.get('x-request-id') ?? 'none');
}

/** Where the proxy's headers count. */
export function requestIdTests(box: () => OneBox): void {
  test('gives each request an id that is in both logs, and takes none from a client', async () => {
    expect(await logOfForgedRequest(box())).toMatch(/"proxyRequestId":"[0-9a-f-]{32,36}"/);
  });
}

function clientTests(box: () => OneBox): void {
  test('tells the address of the client, whatever that says of itself', async () => {
    const line = await logOfForgedRequest(box());
    expect(line).toContain(CLIENT_ADDRESS);
    for (const forged of ['198.51.100.66', FORGED['x-request-id']]) {
      expect(line).not.toContain(forged);
    }
  });

  test('answers as without them when X-Forwarded-* and Forwarded are forged', async () => {
    const request = { host: HOST, path: '/v2/' };
    const { headers } = await box().client.send({ ...request, headers: FORGED });
    const realm = 'realm="https://registry.lan/token"';
    expect(headers.get('www-authenticate')).toContain(realm);
  });
}

function addressTests(box: () => OneBox): void {
  test('leaves Location and Link relative, whatever is forged', async () => {
    const repository = 'admin/addresses';
    const token = await box().token([`repository:${repository}:pull,push`]);
    const client = box().client.registry(HOST, token);
    const uploads = `/v2/${repository}/blobs/uploads/`;
    const opened = await client.expect([202], 'POST', uploads, { headers: FORGED });
    expect(opened.headers.get('location')).toMatch(/^\/v2\/admin\/addresses\/blobs\/uploads\//);
    const body = Buffer.from(JSON.stringify(EMPTY_INDEX));
    for (const tag of ['a', 'b']) {
      const headers = { 'content-type': EMPTY_INDEX.mediaType, ...FORGED };
      const path = `/v2/${repository}/manifests/${tag}`;
      const put = await client.expect([201], 'PUT', path, { headers, body });
      expect(put.headers.get('location')).toMatch(/^\/v2\/admin\/addresses\/manifests\/sha256:/);
    }
    const page = await client.expect([200], 'GET', `/v2/${repository}/tags/list?n=1`, {
      headers: FORGED,
    });
    expect(page.headers.get('link')).toMatch(/^<\/v2\/admin\/addresses\/tags\/list\?/);
  });
}

const EMPTY_INDEX = {
  schemaVersion: 2,
  mediaType: 'application/vnd.oci.image.index.v1+json',
  manifests: [],
};

/** Each ends as our names do; whoever reads it as part of a URL goes to the first of its names. */
const CUT_NAMES = ['/', '#', '?', '\\', '%2f', '/@'].map((mark) => `evil.test${mark}.registry.lan`);

function redirectTests(box: () => OneBox): void {
  test('leads plain HTTP to https under the same name, path and query, with 308', async () => {
    for (const host of [HOST, 'portal.registry.lan', 'docker-io.registry.lan']) {
      const path = '/v2/a/tags/list?n=1&last=x%2Fy';
      const answer = await box().client.send({ scheme: 'http', host: `${host}:80`, path });
      expect(answer.status).toBe(308);
      expect(answer.headers.get('location')).toBe(`https://${host}${path}`);
    }
  });

  test.each(CUT_NAMES)('leads nobody away who says to come by %s', async (host) => {
    const answer = await box().client.send({ scheme: 'http', host, path: '/v2/' });
    expect([400, 421]).toContain(answer.status);
    expect(answer.headers.get('location')).toBeNull();
  });

  test('lets a push that came by plain HTTP be sent again, method and body', async () => {
    const authorization = `Bearer ${await box().token(['repository:admin/plain:pull,push'])}`;
    const body = JSON.stringify(EMPTY_INDEX);
    const auth = ['--header', `authorization: ${authorization}`, '--location-trusted'];
    const type = ['--header', `content-type: ${EMPTY_INDEX.mediaType}`];
    const put = ['--request', 'PUT', '--data', body, '--cacert', box().caFile];
    const url = 'http://registry.lan/v2/admin/plain/manifests/1';
    const show = ['--silent', '--show-error', '--write-out', ' %{http_code} %{num_redirects}'];
    const args = [...show, ...auth, ...type, ...put, url];
    const { output } = await box().network.runCommand('/usr/bin/curl', args);
    expect(output).toBe(' 201 1');
  });

  test('lets the certificate of the authority through by plain HTTP, under every name', async () => {
    const pem = await readFile(box().caFile, 'utf8');
    for (const host of [HOST, '192.0.2.1']) {
      const answer = await box().client.send({ scheme: 'http', host, path: '/ca.crt' });
      expect(answer.status).toBe(200);
      expect(answer.bytes.toString().trim()).toBe(pem.trim());
      const hash = await box().client.send({ scheme: 'http', host, path: '/ca.crt.sha256' });
      expect(hash.status).toBe(200);
    }
  });

  test('lets the challenges of ACME through by plain HTTP, to the half that answers them', async () => {
    const folder = join(box().certificates, 'acme');
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'to-ken'), 'to-ken.answer');
    const ask = (token: string) => {
      const path = `/.well-known/acme-challenge/${token}`;
      return box().client.send({ scheme: 'http', host: HOST, path });
    };
    const answer = await ask('to-ken');
    expect([answer.status, answer.bytes.toString()]).toEqual([200, 'to-ken.answer']);
    expect((await ask('unknown')).status).toBe(404);
    await rm(folder, { recursive: true });
  });
}

export function headerTests(box: () => OneBox): void {
  clientTests(box);
  addressTests(box);
  redirectTests(box);
  // So that a password is not by accident in a log that these tests look at.
  test('logs no password', () => {
    expect(box().logs()).not.toContain(ADMIN.password);
  });
}
