import * as fc from 'fast-check';
import { request as httpRequest } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AuthService, SERVICE, startAuthService } from '../fixtures/auth-service.ts';

let auth: AuthService;

beforeAll(async () => {
  auth = await startAuthService();
  await auth.addUser('alice', 'alices password');
});
afterAll(() => auth.close());

interface RawRequest {
  readonly method: string;
  readonly path: string;
  readonly authorization?: string | undefined;
  readonly contentType?: string | undefined;
  readonly body?: string | undefined;
}

/** Below fetch, which would repair the path. */
function send({ method, path, authorization, contentType, body }: RawRequest) {
  return new Promise<{ status: number; text: string }>((resolve, reject) => {
    const headers = {
      ...(authorization === undefined ? {} : { authorization }),
      ...(contentType === undefined ? {} : { 'content-type': contentType }),
      ...(body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }),
    };
    const request = httpRequest(auth.url, { method, path, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
    });
    request.on('error', reject);
    request.end(body);
  });
}

const printable = (maxLength: number) =>
  fc.string({ unit: 'binary-ascii', maxLength }).map((text) => text.replace(/[^\x21-\x7e]/g, '%'));
const anyText = fc.string({ unit: 'binary', maxLength: 60 });
const NAMES =
  'service scope account client_id grant_type username password refresh_token access_type __proto__';
const names = fc.constantFrom(...NAMES.split(' '), '');
const values = fc.oneof(
  anyText,
  fc.constantFrom(SERVICE, 'password', 'refresh_token', 'alice', 'repository:alice/a:*', 'offline'),
);
const pairs = fc.array(fc.tuple(names, values), { maxLength: 8 });
const encoded = pairs.map((list) => new URLSearchParams(list).toString());

async function expectRefusalOrToken(request: RawRequest): Promise<void> {
  const { status, text } = await send(request);
  expect([200, 400, 401, 404, 405, 413, 429], `${status} ${text}`).toContain(status);
  if (status !== 200 && request.method !== 'HEAD') {
    expect(JSON.parse(text)).toMatchObject({ errors: [{ code: expect.any(String) }] });
  }
}

describe('garbage', () => {
  it('in a query is answered with a refusal or a token', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(encoded, printable(80)),
        fc.option(printable(80), { nil: undefined }),
        async (query, authorization) => {
          await expectRefusalOrToken({ method: 'GET', path: `/token?${query}`, authorization });
        },
      ),
      { numRuns: 300 },
    );
  });

  it('in a form is answered with a refusal or a token', async () => {
    const types = fc.constantFrom(
      'application/x-www-form-urlencoded',
      'application/x-www-form-urlencoded; charset=utf-7',
      'multipart/form-data; boundary=x',
      undefined,
    );
    await fc.assert(
      fc.asyncProperty(fc.oneof(encoded, anyText), types, async (body, contentType) => {
        await expectRefusalOrToken({ method: 'POST', path: '/token', contentType, body });
      }),
      { numRuns: 300 },
    );
  });

  it('as a path or a method is answered with a refusal', async () => {
    const methods = fc.constantFrom('GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS');
    const paths = fc.oneof(
      printable(40).map((text) => `/${text}`),
      fc.constantFrom('//token', '/token//', '/%00', '/..%2f..%2fkeys', '/jwks?kid=../x', '*'),
    );
    await fc.assert(
      fc.asyncProperty(methods, paths, async (method, path) => {
        await expectRefusalOrToken({ method, path });
      }),
      { numRuns: 300 },
    );
  });
});
