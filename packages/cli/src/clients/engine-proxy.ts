// The way of an engine that `portolan client config proxy` has configured: through the CONNECT listener,
// but to our own name directly. What the proxy does not do is told with what to do about it.
import { hostsBesideProxy, type RegistryAddress } from '@portolan/clients';
import { reasonOf } from '@portolan/oci';
import { openTunnel, type TunnelAnswer, tunnelTarget } from '../connection/connect-tunnel.ts';
import { bareHost } from '../connection/server-trust.ts';
import type { FindTunnel } from './registry-connection.ts';

/** The proxy has answered, and not connected. */
export class ProxyRefusal extends Error {
  readonly target: string;
  readonly status: number;

  constructor(target: string, status: number, message: string) {
    super(message);
    this.target = target;
    this.status = status;
  }
}

export interface EngineProxyDeps {
  readonly registry: RegistryAddress;
  /** `http://registry.lan:3128`. */
  readonly address: string;
}

const ELSEWHERE = 'if the CONNECT listener is elsewhere, say where with --proxy';

function adviceFor(status: number, host: string): string {
  if (status === 403) {
    return `\`portolan mirror add ${host}/REPOSITORY --tags TAG\` mirrors it, connect.pass_through lets it pass`;
  }
  if (status === 503) {
    return `its authority must have been made with --impersonate ${host}; \`portolan doctor\` on the server has the whole command`;
  }
  return status === 502 ? 'the log of the server says why' : ELSEWHERE;
}

function refusal(asked: URL, address: string, { status, reason }: TunnelAnswer): ProxyRefusal {
  // What images are named by is told, not where Docker Hub answers.
  const name = asked.host.replace(/^registry-1\.docker\.io$/, 'docker.io');
  const message = `the proxy ${address} answers ${status} ${reason}: ${adviceFor(status, name)}`;
  return new ProxyRefusal(tunnelTarget(asked), status, message);
}

function noAnswer(address: string, cause: unknown): Error {
  const { code } = cause as NodeJS.ErrnoException;
  const message =
    code === 'ECONNREFUSED'
      ? `nobody listens at the proxy ${address}: add connect://[::]:${new URL(address).port || 80} to \`listen\` of the server, or say where it is with --proxy`
      : `the proxy ${address} does not answer CONNECT: ${code ?? reasonOf(cause)}; ${ELSEWHERE}`;
  return new Error(message, { cause });
}

export function createEngineProxy({ registry, address }: EngineProxyDeps): FindTunnel {
  const url = new URL(address);
  const proxy = { host: bareHost(url), port: Number(url.port || 80) };
  const beside = hostsBesideProxy(registry);

  function isBeside(host: string): boolean {
    return beside.some((name) => host === name || host.endsWith(`.${name}`));
  }

  return async (asked, timeoutMs) => {
    // HTTPS_PROXY is for https alone.
    if (asked.protocol === 'http:' || isBeside(bareHost(asked))) return undefined;
    const wanted = { proxy, target: tunnelTarget(asked), timeoutMs };
    const answer = await openTunnel(wanted).catch((error: unknown) => {
      throw noAnswer(address, error);
    });
    if (answer.isOpen) return answer.socket;
    throw refusal(asked, address, answer);
  };
}
