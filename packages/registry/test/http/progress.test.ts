import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pushBlob } from '../support/content.ts';
import { startRegistry, type TestRegistry } from '../support/start-registry.ts';

const NAME = 'team/app';

let registry: TestRegistry;
let headers: { authorization: string };

beforeAll(async () => {
  const limits = { bodyWindowMs: 300, minBodyBytesPerSecond: 1000, responseStallMs: 300 };
  registry = await startRegistry({ limits });
  headers = await registry.headersFor(NAME);
});

afterAll(() => registry.close());

async function begin(): Promise<string> {
  const path = `/v2/${NAME}/blobs/uploads/`;
  return (await registry.request(path, { method: 'POST', headers })).headers.location ?? '';
}

function patch(path: string): http.ClientRequest {
  return http.request({ port: registry.port, path, method: 'PATCH', headers, agent: false });
}

describe('the progress rule', () => {
  it('cuts a body that stands still, and keeps what had arrived', async () => {
    const location = await begin();
    const request = patch(location);
    request.write('five!');
    const [error] = (await once(request, 'error')) as [NodeJS.ErrnoException];
    expect(error.code).toBe('ECONNRESET');
    let range = '';
    for (let i = 0; i < 250 && range !== '0-4'; i++) {
      await delay(20);
      range = String((await registry.request(location, { headers })).headers['range']);
    }
    expect(range).toBe('0-4');
  });

  it('lets a slow body take as long as it needs', async () => {
    const request = patch(await begin());
    for (let i = 0; i < 20; i++) {
      request.write(Buffer.alloc(100));
      await delay(50);
    }
    request.end();
    const [response] = (await once(request, 'response')) as [http.IncomingMessage];
    expect(response.statusCode).toBe(202);
    expect(response.headers['range']).toBe('0-1999');
    response.resume();
  });

  it('cuts a download whose client takes nothing', async () => {
    const digest = await pushBlob(registry, NAME, Buffer.alloc(30_000_000));
    const socket = net.connect(registry.port);
    socket.write(
      `GET /v2/${NAME}/blobs/${digest} HTTP/1.1\r\nHost: x\r\nAuthorization: ${headers.authorization}\r\n\r\n`,
    );
    await once(socket, 'readable');
    await delay(1000);
    let received = 0;
    socket.on('data', (chunk) => {
      received += chunk.length;
    });
    socket.on('error', () => undefined);
    await once(socket, 'close');
    expect(received).toBeLessThan(30_000_000);
  });
});
