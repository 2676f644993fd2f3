// Answers CONNECT: what is mirrored here, and we ourselves, are served on the connection as if it had gone
// there; what is listed passes through; everything else is refused, and never dialled. `Proxy-Authorization`
// and all other headers are neither used nor passed on nor logged.
import { DomainError } from '@portolan/oci';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import {
  type ConnectAnswer,
  connectOnly,
  dropRest,
  egressRefused,
  establish,
  FAILED,
  NOT_A_TARGET,
  noCertificate,
  notMirrored,
  ownName,
  refuse,
  TOO_MANY,
  unreachable,
} from './connect-answers.ts';
import { ConnectTarget } from './connect-target.ts';
import { PassPattern } from './pass-pattern.ts';
import { createTunnels, type TunnelLimits } from './tunnels.ts';

export type ConnectOutcome = 'served' | 'passed' | 'refused' | 'invalid' | 'busy' | 'failed';

export interface ConnectFacts {
  readonly request: IncomingMessage;
  /** In `X-Request-Id` of its answer. */
  readonly requestId: string;
  readonly outcome: ConnectOutcome;
  /** Undefined when the request named none. */
  readonly target: ConnectTarget | undefined;
  /** Why it was not done. */
  readonly error?: unknown;
}

/** Speaks as the target on a connection. */
export type ServeAs = (socket: Socket) => void;

export interface ConnectDeps {
  /** `here`: ours, or of a registry that is mirrored here. `beside`: our own name, but not on this port. */
  readonly placeOf: (target: ConnectTarget) => Promise<'here' | 'beside' | undefined>;
  /** Before the client is told that it is connected. Rejects when there is no certificate. */
  readonly prepare: (target: ConnectTarget, request: IncomingMessage) => Promise<ServeAs>;
  readonly passThrough: readonly PassPattern[];
  /** Rejects with `egress-refused` where we do not connect to. */
  readonly dial: (target: ConnectTarget) => Promise<Socket>;
  readonly observe: (facts: ConnectFacts) => void;
  readonly randomId: () => string;
  readonly publicUrl: string;
  readonly limits: TunnelLimits;
}

export interface ConnectHandler {
  /** Whoever asks for something else than CONNECT. */
  request(request: IncomingMessage, response: ServerResponse): void;
  /** The socket is no longer HTTP's; what came after the request already must be in it again. */
  connect(request: IncomingMessage, socket: Socket): void;
  drain(graceMs: number): void;
}

export const DEFAULT_TUNNEL_LIMITS: TunnelLimits = { maxTunnels: 1000, idleMs: 5 * 60_000 };

/** With a body or two hosts it is a matter of opinion what the connection is for, and where it begins. */
function targetOf({ url = '', rawHeaders, headers }: IncomingMessage): ConnectTarget | undefined {
  const hosts = rawHeaders.filter((name, i) => i % 2 === 0 && name.toLowerCase() === 'host');
  const { 'content-length': length = '0', 'transfer-encoding': coding } = headers;
  if (hosts.length > 1 || length !== '0' || coding !== undefined) return undefined;
  return ConnectTarget.find(url);
}

function isEgressRefused(error: unknown): boolean {
  return error instanceof DomainError && error.code === 'egress-refused';
}

interface Verdict extends Omit<ConnectFacts, 'request' | 'requestId' | 'target'> {
  readonly answer?: ConnectAnswer;
}

interface Asked {
  readonly request: IncomingMessage;
  readonly requestId: string;
  readonly socket: Socket;
}

/** How a request for a target ends; each has answered when it has no answer in its verdict. */
function createConnections({ prepare, dial, limits }: ConnectDeps) {
  const tunnels = createTunnels(limits);

  async function serve(
    { request, requestId, socket }: Asked,
    target: ConnectTarget,
  ): Promise<Verdict> {
    try {
      const serveAs = await prepare(target, request);
      if (socket.destroyed) return { outcome: 'failed' };
      establish(socket, requestId);
      serveAs(socket);
      return { outcome: 'served' };
    } catch (error) {
      return { outcome: 'failed', answer: noCertificate(target), error };
    }
  }

  async function pass({ requestId, socket }: Asked, target: ConnectTarget): Promise<Verdict> {
    if (!tunnels.take(socket)) return { outcome: 'busy', answer: TOO_MANY };
    try {
      const upstream = await dial(target);
      if (socket.destroyed) {
        upstream.destroy();
        return { outcome: 'failed' };
      }
      establish(socket, requestId);
      tunnels.join(socket, upstream);
      return { outcome: 'passed' };
    } catch (error) {
      return isEgressRefused(error)
        ? { outcome: 'refused', answer: egressRefused(target), error }
        : { outcome: 'failed', answer: unreachable(target), error };
    }
  }

  return { serve, pass, drain: tunnels.drain };
}

/** What becomes of a request, by where it wants to go. */
function createDecision(deps: ConnectDeps, connections: ReturnType<typeof createConnections>) {
  return async (asked: Asked, target: ConnectTarget | undefined): Promise<Verdict> => {
    if (target === undefined) return { outcome: 'invalid', answer: NOT_A_TARGET };
    const place = await deps.placeOf(target);
    if (place === 'here') return connections.serve(asked, target);
    if (place === 'beside') return { outcome: 'refused', answer: ownName(target) };
    const passes = deps.passThrough.some((pattern) => PassPattern.matches(pattern, target));
    return passes
      ? connections.pass(asked, target)
      : { outcome: 'refused', answer: notMirrored(target) };
  };
}

export function createConnectHandler(deps: ConnectDeps): ConnectHandler {
  const { observe, randomId, publicUrl } = deps;
  const connections = createConnections(deps);
  const decide = createDecision(deps, connections);
  const refused = new WeakSet<Socket>();

  async function answer(asked: Asked): Promise<void> {
    const { request, requestId, socket } = asked;
    const target = targetOf(request);
    const { answer: refusal, ...facts } = await decide(asked, target).catch(
      (error: unknown): Verdict => ({ outcome: 'failed', answer: FAILED, error }),
    );
    if (refusal !== undefined) refuse(socket, requestId, refusal);
    observe({ request, requestId, target, ...facts });
  }

  return {
    request({ socket }, response) {
      refused.add(socket);
      response
        .writeHead(405, {
          Allow: 'CONNECT',
          'X-Request-Id': randomId(),
          Connection: 'close',
          'Content-Type': 'text/plain; charset=utf-8',
        })
        .end(connectOnly(publicUrl));
    },
    connect(request, socket) {
      // What comes after a request that was refused is not looked at; nor is a proxy within a tunnel.
      if (refused.has(socket) || socket instanceof TLSSocket) {
        socket.end();
        dropRest(socket);
        return;
      }
      socket.setTimeout(0);
      void answer({ request, requestId: randomId(), socket });
    },
    drain: connections.drain,
  };
}
