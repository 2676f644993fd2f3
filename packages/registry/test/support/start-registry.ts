// The registry on a port of its own over a data directory of its own.
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { openStorage, type StampStore, type Storage } from '@portolan/storage';
import { type Level, pino } from 'pino';
import { createRegistryApp } from '../../src/http/app.ts';
import { localKeySet } from './local-key-set.ts';
import { DEFAULT_LIMITS, type RegistryDeps, type RegistryLimits } from '../../src/registry-deps.ts';
import { type Answer, type RequestOptions, sendRequest } from './http-request.ts';
import {
  createTokenSigner,
  ISSUER,
  repositoryAccess,
  SERVICE,
  type TokenOptions,
  type TokenSigner,
} from './tokens.ts';

export const REALM = 'https://tokens.test/token';
export const PUBLIC_URL = 'https://registry.test';

export interface RegistryOptions {
  readonly limits?: Partial<RegistryLimits>;
  readonly logLevel?: Level;
  readonly stamps?: StampStore;
  readonly content?: (storage: Storage) => RegistryDeps['content'];
  readonly observe?: RegistryDeps['observe'];
  readonly observeRoute?: RegistryDeps['observeRoute'];
  readonly correlate?: RegistryDeps['correlate'];
  readonly sourceOf?: RegistryDeps['sourceOf'];
}

export interface TestRegistry {
  readonly port: number;
  readonly storage: Storage;
  readonly signer: TokenSigner;
  readonly logLines: string[];
  /** Moved by hand; starts at the real time. */
  readonly time: { now: number };
  sign(options: TokenOptions): Promise<string>;
  /** With pull, push and delete on `name`, as alice. */
  headersFor(name: string, ...actions: string[]): Promise<{ authorization: string }>;
  request(path: string, options?: RequestOptions): Promise<Answer>;
  close(): Promise<void>;
}

const HOUR = 3_600_000;

function randomId(): string {
  return randomBytes(16).toString('hex');
}

export async function startRegistry(options: RegistryOptions = {}): Promise<TestRegistry> {
  const directory = await mkdtemp(join(tmpdir(), 'portolan-registry-'));
  const time = { now: Date.now() };
  const clock = () => time.now;
  const storage = await openStorage({
    directory,
    clock,
    randomId,
    times: { leaseMs: HOUR, uploadIdleMs: HOUR, orphanFileMs: 24 * HOUR },
    diskFloorBytes: 0,
  });
  const logLines: string[] = [];
  const sink = new Writable({
    write(chunk, _encoding, done) {
      logLines.push(String(chunk));
      done();
    },
  });
  const signer = await createTokenSigner(clock);
  const app = createRegistryApp({
    content: options.content?.(storage) ?? storage,
    stamps: options.stamps,
    generations: storage.generations,
    keySet: localKeySet(signer.jwks),
    issuer: ISSUER,
    service: SERVICE,
    realm: REALM,
    publicUrl: PUBLIC_URL,
    views: storage.views,
    logger: pino({ level: options.logLevel ?? 'error' }, sink),
    clock,
    randomId,
    limits: { ...DEFAULT_LIMITS, ...options.limits },
    ...(options.observe === undefined ? {} : { observe: options.observe }),
    ...(options.observeRoute === undefined ? {} : { observeRoute: options.observeRoute }),
    ...(options.correlate === undefined ? {} : { correlate: options.correlate }),
    ...(options.sourceOf === undefined ? {} : { sourceOf: options.sourceOf }),
  });
  const server = http.createServer({ requestTimeout: 0 });
  app.attach(server);
  server.listen(0);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    port,
    storage,
    signer,
    logLines,
    time,
    sign: (token) => signer.sign(token),
    async headersFor(name, ...actions) {
      const wanted = actions.length === 0 ? ['pull', 'push', 'delete'] : actions;
      const token = await signer.sign({ access: [repositoryAccess(name, ...wanted)] });
      return { authorization: `Bearer ${token}` };
    },
    request: (path, request) => sendRequest({ port }, path, request),
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
      await storage.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
