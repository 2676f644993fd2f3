// `/livez` and `/readyz` of a registry that stands alone; beside the token service, that answers them.
import type { KeySet } from '@portolan/registry';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from 'pino';

export interface RegistryHealthDeps {
  readonly checkReady: () => Promise<void>;
  readonly keySet: KeySet;
  readonly logger: Logger;
  readonly randomId: () => string;
}

function answer(response: ServerResponse, status: number, body: object): void {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
  });
  response.end(text);
}

export function createRegistryHealth(deps: RegistryHealthDeps) {
  const { checkReady, keySet, logger, randomId } = deps;

  async function readyz(response: ServerResponse, requestId: string): Promise<void> {
    try {
      await checkReady();
      // No such key; but asking throws when no keys could be loaded.
      await keySet.find('');
      answer(response, 200, { status: 'ok' });
    } catch (err) {
      logger.warn({ requestId, err }, 'not ready');
      answer(response, 503, { status: 'not ready' });
    }
  }
  return (request: IncomingMessage, response: ServerResponse): void => {
    const [path] = (request.url ?? '').split('?');
    const requestId = randomId();
    response.setHeader('X-Request-Id', requestId);
    const isRead = request.method === 'GET' || request.method === 'HEAD';
    if (isRead && path === '/readyz') void readyz(response, requestId);
    else if (isRead && path === '/livez') answer(response, 200, { status: 'ok' });
    else answer(response, 404, { message: 'this is a registry; its API is below /v2/' });
  };
}
