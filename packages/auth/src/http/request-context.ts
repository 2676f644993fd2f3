// The facts of one request. Services are never on the context: handlers close over theirs.
import type { ParameterizedContext } from 'koa';

export interface RequestFacts {
  requestId: string;
  /** Where it comes from, as far as that is known. */
  source?: string | undefined;
  /** Whether the client came by TLS, to us or to a proxy that is trusted. */
  isEncrypted?: boolean;
  /** Name of the route, for the log. */
  route?: string;
  /** For the log; never a secret. */
  subject?: string;
  service?: string;
  grant?: string;
  /** The mirrored registry under whose names the client pulls. */
  view?: string;
  /** The granted scope. */
  scope?: string;
  /** The error's code when the request was refused. */
  refusal?: string;
  traceId?: string;
  proxyRequestId?: string;
}

export type RequestContext = ParameterizedContext<RequestFacts>;
export type Handler = (ctx: RequestContext) => void | Promise<void>;
