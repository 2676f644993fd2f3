// `/livez` and `/readyz` of a registry that stands alone; beside the token service, that answers them.
import type { KeySet } from '@portolan/registry';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from 'pino';

export interface RegistryHealthDeps {
  readonly checkReady: () => Promise<void>;
  readonly keySet: KeySet;
  readonly logger: Logger;
}

function answer(response: ServerResponse, status: number, body: object): void {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
  });
  response.end(text);
}

export function createRegistryHealth({ checkReady, keySet, logger }: RegistryHealthDeps) {
  async function readyz(response: ServerResponse): Promise<void> {
    try {
      await checkReady();
      // No such key; but asking throws when no keys could be loaded.
      await keySet.find('');
      answer(response, 200, { status: 'ok' });
    } catch (err) {
      logger.warn({ err }, 'not ready');
      answer(response, 503, { status: 'not ready' });
    }
  }
  return (request: IncomingMessage, response: ServerResponse): void => {
    const [path] = (request.url ?? '').split('?');
    const isRead = request.method === 'GET' || request.method === 'HEAD';
    if (isRead && path === '/readyz') void readyz(response);
    else if (isRead && path === '/livez') answer(response, 200, { status: 'ok' });
    else answer(response, 404, { message: 'this is a registry; its API is below /v2/' });
  };
}
