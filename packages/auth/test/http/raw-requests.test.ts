import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { type AuthService, startAuthService } from '../fixtures/auth-service.ts';

let auth: AuthService;

beforeAll(async () => {
  auth = await startAuthService();
});
afterAll(() => auth.close());
afterEach(() => vi.useRealTimers());

interface Conversation {
  readonly socket: Socket;
  readonly text: () => string;
  readonly closed: Promise<unknown>;
}

async function open(request: string): Promise<Conversation> {
  const socket = connect(Number(new URL(auth.url).port), '127.0.0.1');
  let text = '';
  socket.setEncoding('latin1').on('data', (part: string) => {
    text += part;
  });
  // A connection that is cut is what some of these want.
  socket.on('error', () => undefined);
  const closed = once(socket, 'close');
  await once(socket, 'connect');
  socket.write(request, 'latin1');
  return { socket, text: () => text, closed };
}

async function until(isTrue: () => boolean): Promise<void> {
  for (let i = 0; i < 100 && !isTrue(); i++) await delay(10);
}

const FORM = 'Content-Type: application/x-www-form-urlencoded';

describe('a body that does not come', () => {
  it('is waited for half a minute where it is a form', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const { socket, closed } = await open(
      `POST /token HTTP/1.1\r\nHost: a\r\n${FORM}\r\nContent-Length: 9999\r\n\r\n`,
    );
    const trickle = setInterval(() => socket.write('a'), 5);
    while (vi.getTimerCount() === 0) await new Promise((resolve) => setImmediate(resolve));
    await vi.advanceTimersByTimeAsync(29_000);
    expect(socket.closed).toBe(false);
    await vi.advanceTimersByTimeAsync(2000);
    await closed;
    clearInterval(trickle);
  });

  it.each(['GET /', 'GET /livez', 'POST /jwks', 'GET /nothing'])(
    'is not waited for by %s',
    async (line) => {
      const { text, closed } = await open(
        `${line} HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n`,
      );
      await closed;
      expect(text()).toMatch(/^HTTP\/1\.1 \d{3} /);
    },
  );

  it('is nothing to a request without one: the connection goes on', async () => {
    const request = 'GET /livez HTTP/1.1\r\nHost: a\r\n\r\n';
    const { socket, text } = await open(request);
    await until(() => text().includes('200 OK'));
    socket.write(request);
    await until(() => text().split('200 OK').length === 3);
    expect(text().split('200 OK')).toHaveLength(3);
    socket.destroy();
  });
});

describe('a request target', () => {
  it.each([
    ['http://[::1/token', 400],
    ['http://a b/token', 400],
    ['http://a:port/', 400],
    ['//token', 404],
    ['/v2/../token', 404],
    ['/%74oken', 404],
    ['*', 404],
  ])('%s is answered %i', async (target, status) => {
    const { socket, text } = await open(`GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`);
    await until(() => text() !== '');
    expect(text()).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    socket.destroy();
  });
});
