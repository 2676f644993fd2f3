import { DomainError } from '@portolan/oci';
import { describe, expect, it } from 'vitest';
import { echo, openClient, startConnectServer, startPeer, waitFor } from './connect-server.ts';

const ESTABLISHED = 'HTTP/1.1 200 Connection established\r\nX-Request-Id: an-id\r\n\r\n';

function request(target: string, ...headers: string[]): string {
  return [`CONNECT ${target} HTTP/1.1`, `Host: ${target}`, ...headers, '', ''].join('\r\n');
}

function fail(error: Error): never {
  throw error;
}

/** Everything that comes back, until the server ends. */
async function ask(port: number, text: string): Promise<string> {
  const client = await openClient(port);
  client.socket.write(text);
  client.socket.once('end', () => client.socket.end());
  await client.ended;
  return client.text();
}

describe('CONNECT to what is served here', () => {
  it('leads to us, and loses no byte that came with the request', async () => {
    const server = await startConnectServer();
    const client = await openClient(server.port);
    client.socket.write(`${request('HERE.example:443')}first `);
    await waitFor(() => client.text().endsWith('first '));
    client.socket.write('second');
    await waitFor(() => client.text() === `${ESTABLISHED}first second`);
    expect(server.outcomes).toEqual(['served here.example']);
  });

  it('takes bytes after the request as those of the tunnel, whatever they look like', async () => {
    const server = await startConnectServer();
    const client = await openClient(server.port);
    const smuggled = `${request('listed.example:443')}GET / HTTP/1.1\r\nHost: x\r\n\r\n`;
    client.socket.write(request('here.example:443') + smuggled);
    await waitFor(() => client.text() === ESTABLISHED + smuggled);
    expect(server.outcomes).toEqual(['served here.example']);
    expect(server.dialled).toEqual([]);
  });

  it('says which certificate is missing before it is too late', async () => {
    const server = await startConnectServer({
      prepare: async () => fail(new Error('may not')),
    });
    const answer = await ask(server.port, request('here.example:443'));
    expect(answer).toMatch(/^HTTP\/1\.1 503 the server has no certificate for here\.example\r\n/);
    expect(answer).toContain('ca init --impersonate here.example');
    expect(answer).not.toContain('may not');
    expect(server.facts[0]?.error).toEqual(new Error('may not'));
  });
});

describe('a request that is refused', () => {
  it.each([
    ['gcr.io:443', '403 gcr.io is not mirrored here'],
    ['gcr.io:22', '403 gcr.io:22 is not mirrored here'],
    ['127.0.0.1:443', '403 127.0.0.1 is not mirrored here'],
    ['[::1]:443', '403 [::1] is not mirrored here'],
    ['169.254.169.254:80', '403 169.254.169.254:80 is not mirrored here'],
    ['listed.example:80', '403 listed.example:80 is not mirrored here'],
    ['a.b.listed.example:443', '403 a.b.listed.example is not mirrored here'],
    ['registry.lan:443', '403 registry.lan is reached directly: add it to NO_PROXY'],
    ['broken.example:443', '500 Internal Server Error'],
  ])('CONNECT %s is answered with %s, and nobody is dialled', async (target, status) => {
    const server = await startConnectServer();
    const answer = await ask(server.port, request(target));
    expect(answer.split('\r\n')[0]).toBe(`HTTP/1.1 ${status}`);
    expect(answer).toContain('\r\nX-Request-Id: an-id\r\n');
    expect(server.facts.map(({ requestId }) => requestId)).toEqual(['an-id']);
    expect(answer).not.toContain('database');
    expect(server.dialled).toEqual([]);
  });

  it('says how to mirror it', async () => {
    const server = await startConnectServer();
    const answer = await ask(server.port, request('gcr.io:443'));
    expect(answer).toContain('portolan mirror add gcr.io/REPOSITORY --tags TAG');
    expect(answer).toContain('connect.pass_through');
  });

  it.each([
    ['no port', request('here.example')],
    ['a user', request('user@here.example:443')],
    ['a path', 'CONNECT /v2/ HTTP/1.1\r\nHost: here.example:443\r\n\r\n'],
    ['a URL', 'CONNECT https://here.example:443/ HTTP/1.1\r\nHost: here.example:443\r\n\r\n'],
    ['a port that is none', request('here.example:99999')],
    ['an escape', request('%68ere.example:443')],
    ['two hosts', request('here.example:443', 'Host: listed.example:443')],
    ['a body', `${request('here.example:443', 'Content-Length: 4')}body`],
    ['chunks', `${request('here.example:443', 'Transfer-Encoding: chunked')}0\r\n\r\n`],
    ['both', request('here.example:443', 'Content-Length: 4', 'Transfer-Encoding: chunked')],
    ['no end of its line', 'CONNECT here.example:443 HTTP/1.1\nHost: x\n\n'],
    ['a header with a space', request('here.example:443', 'X : y')],
  ])('a CONNECT with %s is answered with 400', async (_title, text) => {
    const server = await startConnectServer();
    expect(await ask(server.port, text)).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
    expect(server.outcomes.filter((outcome) => outcome !== 'invalid')).toEqual([]);
    expect(server.dialled).toEqual([]);
  });

  it('of more headers than any engine sends is answered with 431', async () => {
    const server = await startConnectServer();
    const text = request('here.example:443', `Proxy-Authorization: Basic ${'x'.repeat(20_000)}`);
    expect(await ask(server.port, text)).toMatch(/^HTTP\/1\.1 431 /);
    expect(server.outcomes).toEqual([]);
  });

  it.each([
    'GET / HTTP/1.1\r\nHost: here.example\r\n\r\n',
    'GET http://here.example/v2/ HTTP/1.1\r\nHost: here.example\r\n\r\n',
    'POST http://here.example/ HTTP/1.1\r\nHost: here.example\r\nContent-Length: 2\r\n\r\nxx',
  ])('that is no CONNECT is told what this is: %j', async (text) => {
    const server = await startConnectServer();
    const answer = await ask(server.port, text);
    expect(answer).toMatch(/^HTTP\/1\.1 405 /);
    expect(answer).toContain('Allow: CONNECT\r\n');
    expect(answer).toContain('X-Request-Id: an-id\r\n');
    expect(answer).toContain('the CONNECT proxy of the registry https://registry.lan');
  });

  it('ends its connection: a CONNECT behind it is not looked at', async () => {
    const server = await startConnectServer();
    const first = 'GET / HTTP/1.1\r\nHost: here.example\r\n\r\n';
    const answer = await ask(server.port, `${first}${request('here.example:443')}`);
    expect(answer.match(/HTTP\/1\.1 /g)).toHaveLength(1);
    expect(server.outcomes).toEqual([]);
  });

  it('is answered although the client goes on sending', async () => {
    const server = await startConnectServer();
    const answer = await ask(server.port, request('gcr.io:443') + 'x'.repeat(1_000_000));
    expect(answer).toMatch(/^HTTP\/1\.1 403 /);
  });

  it('does not keep the connection for a client that never ends', async () => {
    const server = await startConnectServer();
    const client = await openClient(server.port);
    client.socket.write(request('gcr.io:443'));
    const talk = setInterval(() => client.socket.write('x'), 100);
    await client.ended;
    clearInterval(talk);
    expect(client.text()).toMatch(/^HTTP\/1\.1 403 /);
  });
});

describe('what passes through', () => {
  it.each(['listed.example:443', 'a.listed.example:443', 'listed.example:8443'])(
    'goes to %s, with what came behind the request',
    async (target) => {
      const { dial } = await startPeer(echo);
      const server = await startConnectServer({ dial });
      const client = await openClient(server.port);
      client.socket.write(`${request(target, 'Proxy-Authorization: Basic eDp5')}first`);
      await waitFor(() => client.text() === `${ESTABLISHED}first`);
      expect(server.outcomes).toEqual([`passed ${target.replace(/:\d+$/, '')}`]);
    },
  );

  it('ends each direction by itself', async () => {
    let got = '';
    const { dial } = await startPeer((socket) => {
      socket.on('data', (bytes) => (got += bytes.toString()));
      socket.on('end', () => setTimeout(() => socket.end('the answer'), 50));
    });
    const server = await startConnectServer({ dial });
    const client = await openClient(server.port);
    client.socket.end(`${request('listed.example:443')}a question`);
    await client.ended;
    expect(got).toBe('a question');
    expect(client.text()).toBe(`${ESTABLISHED}the answer`);
  });

  it('comes no faster than the client takes it', async () => {
    const total = 64 * 1024 * 1024;
    let sent = 0;
    const { dial } = await startPeer((socket) => {
      const chunk = Buffer.alloc(64 * 1024);
      const fill = (): void => {
        while (sent < total && socket.write(chunk)) sent += chunk.length;
      };
      socket.on('drain', fill);
      fill();
    });
    const server = await startConnectServer({ dial });
    const client = await openClient(server.port);
    client.socket.pause();
    client.socket.write(request('listed.example:443'));
    await waitFor(() => sent > 0);
    await new Promise((resolve) => setTimeout(resolve, 300));
    // The buffers of the kernel on both sides of both connections, and nothing that grows.
    expect(sent).toBeLessThan(total / 2);
    client.socket.destroy();
  });

  it.each(['client', 'upstream'] as const)('is torn down when the %s is', async (side) => {
    const peer = await startPeer(() => undefined);
    const server = await startConnectServer({ dial: peer.dial });
    const client = await openClient(server.port);
    client.socket.write(request('listed.example:443'));
    await waitFor(() => client.text() === ESTABLISHED);
    const [upstream] = peer.sockets;
    if (upstream === undefined) throw new Error('nobody came');
    const [torn, other] = side === 'client' ? [client.socket, upstream] : [upstream, client.socket];
    torn.resetAndDestroy();
    await waitFor(() => other.destroyed || other.readableEnded || other.errored !== null);
  });

  it('ends when nothing moves', async () => {
    const { dial, sockets } = await startPeer(() => undefined);
    const server = await startConnectServer({ dial, idleMs: 100 });
    const client = await openClient(server.port);
    client.socket.write(request('listed.example:443'));
    await waitFor(() => client.text() === ESTABLISHED);
    client.socket.end();
    await client.ended;
    await waitFor(() => [...sockets].every((socket) => socket.readableEnded));
  });

  it('is no more at a time than may be, and has room again afterwards', async () => {
    const { dial } = await startPeer(echo);
    const server = await startConnectServer({ dial, maxTunnels: 1 });
    const first = await openClient(server.port);
    first.socket.write(request('listed.example:443'));
    await waitFor(() => first.text() === ESTABLISHED);
    expect(await ask(server.port, request('listed.example:443'))).toMatch(
      /^HTTP\/1\.1 503 too many/,
    );
    first.socket.destroy();
    await waitFor(() => server.connections() === 0);
    const second = await openClient(server.port);
    second.socket.write(request('listed.example:443'));
    await waitFor(() => second.text() === ESTABLISHED);
    expect(server.outcomes.map((outcome) => outcome.split(' ')[0])).toEqual([
      'passed',
      'busy',
      'passed',
    ]);
  });

  it.each([
    [
      new DomainError('egress-refused', '10.0.0.1'),
      '403 listed.example is at no address',
      'refused',
    ],
    [new Error('ECONNREFUSED 10.0.0.1'), '502 listed.example cannot be reached', 'failed'],
  ])('not: %s', async (error, status, outcome) => {
    const server = await startConnectServer({ dial: async () => fail(error) });
    const answer = await ask(server.port, request('listed.example:443'));
    expect(answer).toContain(`HTTP/1.1 ${status}`);
    // Where a name leads inside is nobody's business.
    expect(answer).not.toContain('10.0.0.1');
    expect(server.outcomes).toEqual([`${outcome} listed.example`]);
  });

  it('is ended when the server is: first what is silent, and after the grace all', async () => {
    const { dial } = await startPeer(echo);
    const server = await startConnectServer({ dial });
    const open = async () => {
      const client = await openClient(server.port);
      client.socket.write(request('listed.example:443'));
      await waitFor(() => client.text() === ESTABLISHED);
      return client;
    };
    const [silent, busy] = [await open(), await open()];
    const talk = setInterval(() => busy.socket.write('x'), 100);
    server.handler.drain(2500);
    silent.socket.end();
    await silent.ended;
    expect(busy.socket.destroyed).toBe(false);
    expect(await ask(server.port, request('listed.example:443'))).toMatch(/^HTTP\/1\.1 503 /);
    await busy.ended;
    clearInterval(talk);
  });
});
