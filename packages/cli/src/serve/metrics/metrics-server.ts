// `GET /metrics` on an address of its own, for Prometheus alone: nothing else is answered there, and it is
// no place for clients of the registry.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Logger } from 'pino';
import { type MetricsAddress, metricsUrl } from '../../config/metrics-address.ts';
import { EXIT } from '../../terminal/exit-codes.ts';
import { CommandFailure } from '../../terminal/explain-failure.ts';

export interface MetricsServerDeps {
  readonly listen: MetricsAddress;
  /** In Prometheus' text format. */
  readonly scrape: () => Promise<string>;
  readonly logger: Logger;
}

export interface MetricsServer {
  readonly url: string;
  close(): Promise<void>;
}

const CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';
const TIMEOUT_MS = 10_000;
const MAX_CONNECTIONS = 64;

function answer(response: ServerResponse, status: number, text: string, type = 'text/plain'): void {
  response.writeHead(status, {
    'content-type': type,
    'content-length': Buffer.byteLength(text),
    'x-content-type-options': 'nosniff',
  });
  response.end(text);
}

async function handle(
  { scrape, logger }: MetricsServerDeps,
  { url = '', method }: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const [path] = url.split('?', 1);
  if (path !== '/metrics') return answer(response, 404, 'there is only /metrics here\n');
  if (method !== 'GET') {
    response.setHeader('allow', 'GET');
    return answer(response, 405, 'use GET\n');
  }
  try {
    answer(response, 200, await scrape(), CONTENT_TYPE);
  } catch (err) {
    logger.error({ err }, 'the metrics cannot be collected');
    answer(response, 500, 'the metrics cannot be collected\n');
  }
}

function failure(listen: MetricsAddress, error: unknown): CommandFailure {
  const { code } = error as NodeJS.ErrnoException;
  const message = `cannot serve ${metricsUrl(listen)} (${code})`;
  return new CommandFailure(message, EXIT.failed, { hint: 'Check PORTOLAN_METRICS_LISTEN.' });
}

/** @throws CommandFailure when it cannot listen there */
export async function startMetricsServer(deps: MetricsServerDeps): Promise<MetricsServer> {
  const { listen, logger } = deps;
  const timeouts = { requestTimeout: TIMEOUT_MS, headersTimeout: TIMEOUT_MS };
  const server = createServer(timeouts, (request, response) => {
    void handle(deps, request, response);
  });
  server.maxConnections = MAX_CONNECTIONS;
  server.listen(listen.port, listen.host);
  await once(server, 'listening').catch((error: unknown) => {
    throw failure(listen, error);
  });
  const { port } = server.address() as AddressInfo;
  const url = metricsUrl({ ...listen, port });
  logger.info({ url }, 'metrics are served');
  return {
    url,
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
