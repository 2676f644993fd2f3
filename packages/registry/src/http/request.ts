// What a handler gets to know about its request. `ctx.state` holds facts for the log, no service.
import type { RepositoryName, UpstreamHost } from '@portolan/oci';
import type { ContentStores } from '@portolan/storage';
import type { ParameterizedContext } from 'koa';
import type { Admission } from '../access/require-access.ts';
import type { VerifiedToken } from '../access/verified-token.ts';
import type { RegistryLimits } from '../registry-deps.ts';

/** Field names are those of the log line. */
export interface RequestState {
  requestId: string;
  traceId?: string;
  proxyRequestId?: string;
  route?: string;
  /** The mirrored registry under whose names it came. */
  view?: UpstreamHost;
  repository?: string;
  reference?: string;
  subject?: string;
}

export type RegistryContext = ParameterizedContext<RequestState>;

export interface RegistryRequest {
  /** As sent, which is not always from `/v2` on; with `query`, where a next page is. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly caller: VerifiedToken;
}

export interface RepositoryRequest extends RegistryRequest {
  readonly repository: RepositoryName;
  /** The variable last part of the path: a reference, a digest, or an upload's id. */
  readonly parameter: string;
  /** Around whatever adds content. @throws RegistryError `unauthorized` */
  readonly whileGranted: Admission['whileGranted'];
}

/** What handlers are made from. */
export interface EndpointDeps {
  readonly content: ContentStores;
  readonly limits: RegistryLimits;
}

export type Handler<R> = (ctx: RegistryContext, request: R) => Promise<void>;
export type MakeHandler<R> = (deps: EndpointDeps) => Handler<R>;
