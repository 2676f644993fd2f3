// Stands before a registry and writes down what is asked of it, so that a test or the benchmark can say
// what a client costs its upstream. A test may also break answers: refuse them, cut them, stall them.
import { once } from 'node:events';
import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';

export interface ProxiedRequest {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly range: string | undefined;
  /** 0 until the answer has come. */
  readonly status: number;
  /** Of the answer's body, sent to the client so far. */
  readonly bytes: number;
}

export type Interference =
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: string;
    }
  /** The connection breaks after so many bytes of the body. */
  | { readonly kind: 'cut'; readonly afterBytes: number }
  /** Nothing comes any more after so many bytes of the body; the connection stays. */
  | { readonly kind: 'stall'; readonly afterBytes: number };

export interface CountingProxy {
  /** `127.0.0.1:port` */
  readonly host: string;
  readonly url: string;
  /** Since the start or the last `forget`. */
  readonly requests: readonly ProxiedRequest[];
  bytes(): number;
  forget(): void;
  /** Asked for each request; undefined lets it through. */
  interfere(rule: ((request: ProxiedRequest) => Interference | undefined) | undefined): void;
  stop(): Promise<void>;
}

type Entry = { -readonly [Key in keyof ProxiedRequest]: ProxiedRequest[Key] };

/** Counts what goes through, up to the limit. */
function createMeter(entry: Entry, limit: Interference | undefined): Transform {
  const most = limit === undefined || limit.kind === 'answer' ? Infinity : limit.afterBytes;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      const part = chunk.subarray(0, Math.max(0, most - entry.bytes));
      entry.bytes += part.length;
      this.push(part);
      if (entry.bytes < most) done();
      else if (limit?.kind === 'cut') done(new Error('cut'));
    },
  });
}

function createForward(target: URL) {
  const agent = new Agent({ keepAlive: true });
  const send = (incoming: IncomingMessage): Promise<IncomingMessage> =>
    new Promise((resolve, reject) => {
      const { method, url: path, headers } = incoming;
      const { hostname: host, port } = target;
      const outgoing = request({ agent, host, port, method, path, headers }, resolve);
      outgoing.on('error', reject);
      incoming.pipe(outgoing);
    });
  return { send, close: () => agent.destroy() };
}

function entryOf({ method = 'GET', url: path = '/', headers: { range } }: IncomingMessage): Entry {
  return { method, path, range, status: 0, bytes: 0 };
}

/** `target` is the registry's URL, such as `http://127.0.0.1:5000`. */
export async function startCountingProxy(target: string): Promise<CountingProxy> {
  let records: Entry[] = [];
  let rule: Parameters<CountingProxy['interfere']>[0];
  const forward = createForward(new URL(target));

  async function answer(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const entry = entryOf(incoming);
    records.push(entry);
    const interference = rule?.(entry);
    if (interference?.kind === 'answer') {
      entry.status = interference.status;
      outgoing.writeHead(entry.status, interference.headers).end(interference.body);
      return;
    }
    const from = await forward.send(incoming);
    entry.status = from.statusCode ?? 0;
    outgoing.writeHead(entry.status, from.headers);
    await pipeline(from, createMeter(entry, interference), outgoing);
  }

  const server = createServer((incoming, outgoing) => {
    answer(incoming, outgoing).catch(() => outgoing.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    host,
    url: `http://${host}`,
    get requests() {
      return records;
    },
    bytes: () => records.reduce((sum, { bytes }) => sum + bytes, 0),
    forget: () => {
      records = [];
    },
    interfere: (next) => {
      rule = next;
    },
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
      forward.close();
    },
  };
}
