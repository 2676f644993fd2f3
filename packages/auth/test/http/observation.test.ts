import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { RequestObservation } from '../../src/http/observation.ts';
import { type AuthService, SERVICE, startAuthService } from '../fixtures/auth-service.ts';

let auth: AuthService;
const told: RequestObservation[] = [];

beforeAll(async () => {
  auth = await startAuthService({
    observe: (observation) => void told.push(observation),
    correlate: () => ({ traceId: 'trace-1', proxyRequestId: 'proxy-1' }),
  });
  await auth.addUser('alice', 'a good password');
  await auth.storage.namespaces.ensureMirror('docker.io', 'test');
});
beforeEach(() => {
  told.length = 0;
});
afterAll(() => auth.close());

const scope = 'repository:a/b:pull';
const form = { service: SERVICE, client_id: 'test', scope };
type Ask = () => Promise<unknown>;

function postThroughView(fields: Record<string, string>): Promise<unknown> {
  const body = new URLSearchParams({ service: SERVICE, client_id: 'test', ...fields });
  return auth.request('/token?ns=docker.io', { method: 'POST', body });
}

it.each<[string, Ask, Partial<RequestObservation>]>([
  [
    'a login',
    () => auth.get({ service: SERVICE }, 'alice:a good password'),
    { route: 'token-get', status: 200, grant: 'password', refusal: undefined },
  ],
  [
    'a token for nobody',
    () => auth.get({ service: SERVICE, scope }),
    { route: 'token-get', status: 200, grant: 'anonymous', refusal: undefined },
  ],
  [
    'a wrong password',
    () => auth.get({ service: SERVICE }, 'alice:wrong'),
    { route: 'token-get', status: 401, grant: 'password', refusal: 'credentials-invalid' },
  ],
  [
    'a refresh token that is none',
    () => auth.post({ ...form, grant_type: 'refresh_token', refresh_token: 'none' }),
    { route: 'token-post', status: 401, grant: 'refresh', refusal: 'refresh-token-invalid' },
  ],
  [
    'a login of the mirrored registry, which is dropped',
    () => auth.get({ service: SERVICE, ns: 'docker.io', scope }, 'hubuser:hub-secret'),
    { route: 'token-get', status: 200, grant: 'anonymous', refusal: undefined },
  ],
  [
    'a refresh token of the mirrored registry, which is dropped',
    () => postThroughView({ grant_type: 'refresh_token', refresh_token: 'hub-token', scope }),
    { route: 'token-post', status: 200, grant: 'anonymous', refusal: undefined },
  ],
  [
    'a login of ours through a view',
    () => auth.get({ service: SERVICE, ns: 'docker.io', scope }, 'alice:a good password'),
    { route: 'token-get', status: 200, grant: 'password', refusal: undefined },
  ],
  [
    'a login of the mirrored registry that asks for nothing',
    () => auth.get({ service: SERVICE, ns: 'docker.io' }, 'hubuser:hub-secret'),
    { route: 'token-get', status: 401, grant: 'password', refusal: 'credentials-invalid' },
  ],
  [
    'a request that is not understood',
    () => auth.post({ ...form, grant_type: 'magic' }),
    { route: 'token-post', status: 400, grant: undefined, refusal: 'grant-type-unsupported' },
  ],
  [
    'what is nowhere',
    () => auth.request('/nothing'),
    { route: undefined, status: 404, grant: undefined, refusal: 'page-unknown' },
  ],
  ['a probe', () => auth.request('/livez'), { route: 'livez', status: 200, refusal: undefined }],
])('%s is told when it is over', async (_, ask, wanted) => {
  await ask();
  expect(told).toEqual([
    expect.objectContaining({ ...wanted, durationMs: expect.any(Number) as number }),
  ]);
});

it('logs what leads to the logs of others, beside an id of its own', async () => {
  const { headers } = await auth.request('/nothing');
  const requestId = headers.get('x-request-id') ?? 'none';
  const line = auth
    .log()
    .split('\n')
    .find((one) => one.includes(requestId));
  expect(JSON.parse(line ?? '{}')).toMatchObject({
    requestId,
    traceId: 'trace-1',
    proxyRequestId: 'proxy-1',
    refusal: 'page-unknown',
  });
});
