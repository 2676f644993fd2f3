// `GET /v2/` (end-1): whether this is a registry, and whether the token is good.
import { replyJson } from '../reply.ts';
import type { Handler, RegistryRequest } from '../request.ts';

export function getBase(): Handler<RegistryRequest> {
  return async (ctx) => replyJson(ctx, 200, {});
}
