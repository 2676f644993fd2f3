// Goes through what an engine does for one image, as far as the manifest, and keeps every request and
// answer, without secrets.
import type { PlannedRequest, PlannedRequests, RegistryAddress } from '@portolan/clients';
import type { ServerAnswer } from '../connection/named-request.ts';
import type { RegistryLogin } from '../connection/registry-login.ts';
import { ProxyRefusal } from './engine-proxy.ts';
import { type EngineToken, getEngineToken } from './engine-token.ts';
import type { SendRequest } from './registry-connection.ts';

/** One request and what came back. */
export interface ProbedExchange {
  readonly method: string;
  readonly url: string;
  readonly host: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly status: number;
  readonly challenge: string | undefined;
}

export interface EngineProbe {
  readonly exchanges: readonly ProbedExchange[];
  /** Undefined when the engine needed none. */
  readonly token: EngineToken | undefined;
  /** The answer that decides. */
  readonly last: ServerAnswer | undefined;
  /** Why there was no answer at all. */
  readonly failure: string | undefined;
}

export interface ProbeDeps {
  readonly registry: RegistryAddress;
  readonly send: SendRequest;
  readonly login: RegistryLogin | undefined;
}

/** The system's authorities are trusted already, and nobody who reads this has started Node. */
const ADVICE_OF_NODE =
  '; if the root CA is installed locally, try running Node.js with --use-system-ca';

function connectionFailure(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // Several addresses that all failed make an error without a message of its own.
  if (error.message !== '') {
    return error.message.replace(
      ADVICE_OF_NODE,
      '; give the authority of the server with --ca FILE',
    );
  }
  return error instanceof AggregateError
    ? error.errors.map(connectionFailure).join('; ')
    : error.name;
}

function createProbe(plan: PlannedRequests, deps: ProbeDeps) {
  const exchanges: ProbedExchange[] = [];
  const known: { token?: EngineToken; last?: ServerAnswer } = {};

  async function send(request: PlannedRequest): Promise<ServerAnswer> {
    const { method, url, headers } = request;
    const secret = known.token?.token;
    const bearer = secret === undefined ? {} : { authorization: `Bearer ${secret}` };
    const answer = await deps.send({ method, url, headers: { ...headers, ...bearer } });
    const challenge = answer.headers.get('www-authenticate');
    const shown = secret === undefined ? headers : { ...headers, authorization: 'Bearer …' };
    const { status } = answer;
    exchanges.push({ method, url, host: new URL(url).host, headers: shown, status, challenge });
    known.last = answer;
    return answer;
  }

  async function answerChallenge({ headers }: ServerAnswer): Promise<EngineToken | undefined> {
    const challenge = headers.get('www-authenticate') ?? '';
    const token = await getEngineToken({ challenge, plan, login: deps.login }, deps);
    if (token === undefined) return undefined;
    known.token = token;
    const { url, status } = token;
    const shown = { method: 'GET', url, host: new URL(url).host, headers: {} };
    exchanges.push({ ...shown, status, challenge: undefined });
    return token;
  }

  async function run(): Promise<void> {
    if (plan.ping !== undefined) {
      const answer = await send(plan.ping);
      if (answer.status === 401) await answerChallenge(answer);
      else if (answer.status !== 200) return;
    }
    for (const request of plan.manifest) {
      let answer = await send(request);
      if (answer.status === 401 && plan.ping === undefined && known.token === undefined) {
        const token = await answerChallenge(answer);
        if (token?.token !== undefined) answer = await send(request);
      }
      if (answer.status !== 200) return;
    }
  }

  /** The proxy's answer is one, too, and the last. */
  function keepRefusal({ target, status }: ProxyRefusal): void {
    const shown = { method: 'CONNECT', url: target, host: target, headers: {} };
    exchanges.push({ ...shown, status, challenge: undefined });
    known.last = { status, headers: new Map(), body: Buffer.alloc(0), localAddress: undefined };
  }

  const result = () => ({ exchanges, token: known.token, last: known.last });
  return { run, keepRefusal, result };
}

export async function probeEngine(plan: PlannedRequests, deps: ProbeDeps): Promise<EngineProbe> {
  const probe = createProbe(plan, deps);
  try {
    await probe.run();
    return { ...probe.result(), failure: undefined };
  } catch (error) {
    if (error instanceof ProxyRefusal) probe.keepRefusal(error);
    return { ...probe.result(), failure: connectionFailure(error) };
  }
}
