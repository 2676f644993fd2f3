import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { digestOf } from '../support/content.ts';
import { startRegistry, type TestRegistry } from '../support/start-registry.ts';

const NAME = 'team/app';
const MIB = 1024 * 1024;

let registry: TestRegistry;
let authorization: string;

beforeAll(async () => {
  const limits = { lingerMs: 500, lingerBytes: 4 * MIB };
  registry = await startRegistry({ limits });
  ({ authorization } = await registry.headersFor(NAME));
});

afterAll(() => registry.close());

interface Continued {
  readonly status: number | undefined;
  readonly wasToldToGoOn: boolean;
}

/** Sends its body only after a 100, as the RFC wants it. */
async function expectContinue(
  path: string,
  options: { method: string; headers: http.OutgoingHttpHeaders; body: Buffer },
): Promise<Continued> {
  const { method, body } = options;
  const headers = { ...options.headers, expect: '100-continue', 'content-length': body.length };
  const request = http.request({ port: registry.port, path, method, headers, agent: false });
  let wasToldToGoOn = false;
  request.on('continue', () => {
    wasToldToGoOn = true;
    request.end(body);
  });
  request.flushHeaders();
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  response.resume();
  await once(response, 'end');
  request.destroy();
  return { status: response.statusCode, wasToldToGoOn };
}

describe('a client that expects 100', () => {
  const body = Buffer.from('a body');
  const digest = digestOf(body);
  const uploads = `/v2/${NAME}/blobs/uploads/`;

  it('is told to go on when all is well', async () => {
    const path = `${uploads}?digest=${digest}`;
    const answer = await expectContinue(path, { method: 'POST', headers: { authorization }, body });
    expect(answer).toEqual({ status: 201, wasToldToGoOn: true });
  });

  it('is refused without a token before it sends anything', async () => {
    const path = `${uploads}?digest=${digest}`;
    const answer = await expectContinue(path, { method: 'POST', headers: {}, body });
    expect(answer).toEqual({ status: 401, wasToldToGoOn: false });
  });

  it.each([
    ['with a bad digest', `POST ${uploads}?digest=x`, 400],
    ['to an unknown upload', `PATCH ${uploads}${'0'.repeat(32)}`, 404],
    ['with a large manifest', `PUT /v2/${NAME}/manifests/x`, 413],
    ['with a bad tag', `PUT /v2/${NAME}/manifests/.x`, 400],
  ])('is refused %s before it sends anything', async (_, request, status) => {
    const [method = '', path = ''] = request.split(' ');
    const large = Buffer.alloc(5 * MIB);
    const answer = await expectContinue(path, { method, headers: { authorization }, body: large });
    expect(answer).toEqual({ status, wasToldToGoOn: false });
  });

  it('is refused a chunk out of order before it sends it', async () => {
    const begun = await registry.request(uploads, { method: 'POST', headers: { authorization } });
    const headers = { authorization, 'content-range': '5-10' };
    const path = begun.headers.location ?? '';
    const answer = await expectContinue(path, { method: 'PATCH', headers, body });
    expect(answer).toEqual({ status: 416, wasToldToGoOn: false });
  });
});

/** Writes `bodyBytes` of an announced body at once, and reads until the server closes. */
async function pour(head: string, bodyBytes: number): Promise<string> {
  const socket = net.connect(registry.port);
  let text = '';
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1');
  });
  // A reset after the answer has been read is no loss.
  socket.on('error', () => undefined);
  socket.write(head);
  socket.write(Buffer.alloc(bodyBytes));
  await new Promise((resolve) => {
    socket.once('close', resolve);
  });
  return text;
}

const patchHead = (length: number) =>
  `PATCH /v2/${NAME}/blobs/uploads/${'0'.repeat(32)} HTTP/1.1\r\nHost: x\r\nContent-Length: ${length}\r\n\r\n`;

describe('a client that sends its body unasked', () => {
  it.each([
    ['all of it', 2 * MIB, 2 * MIB],
    ['half of it, and then waits', 2 * MIB, MIB],
  ])('sees the refusal though it sends %s', async (_, announced, sent) => {
    const text = await pour(patchHead(announced), sent);
    expect(text).toMatch(/^HTTP\/1\.1 401 /);
    expect(text).toMatch(/\r\nConnection: close\r\n/i);
    expect(text).toContain('"code":"UNAUTHORIZED"');
    expect(text.match(/HTTP\/1\.1/g)).toHaveLength(1);
  });

  it('is cut when it goes on for too long', async () => {
    const started = performance.now();
    await pour(patchHead(1024 * MIB), 64 * MIB);
    expect(performance.now() - started).toBeLessThan(5000);
  });

  it('keeps its connection when the body was not more than nothing', async () => {
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    const answer = await registry.request(`/v2/${NAME}/blobs/uploads/`, { method: 'POST', agent });
    expect(answer.status).toBe(401);
    expect(answer.headers.connection).toBe('keep-alive');
    agent.destroy();
  });
});
