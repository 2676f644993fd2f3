// Token requests; docker-registry has no token service to compare with.
import { ADMIN, serviceOf } from '../portolan.ts';
import type { Row } from '../row.ts';
import { wrk } from '../wrk.ts';

const SCOPE = 'repository:admin/reads:pull';

async function refreshToken(url: string, service: string): Promise<string> {
  const response = await fetch(`${url}/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'password',
      username: ADMIN.name,
      password: ADMIN.password,
      service,
      client_id: 'bench',
      access_type: 'offline',
    }),
  });
  const answer = (await response.json()) as { refresh_token: string };
  return answer.refresh_token;
}

const byPassword: Row = {
  name: 'token by password',
  unit: 'requests/s',
  better: 'more',
  onlyOurs: true,
  measure: async ({ server, seconds }) => {
    const query = new URLSearchParams({ service: await serviceOf(server.url), scope: SCOPE });
    const basic = Buffer.from(`${ADMIN.name}:${ADMIN.password}`).toString('base64');
    const headers = { authorization: `Basic ${basic}` };
    const url = `${server.url}/token?${query.toString()}`;
    return (await wrk({ url, headers, connections: 50, seconds })).requestsPerSecond;
  },
};

const AT_ONCE = 20;

const byRefreshToken: Row = {
  name: 'token by refresh token',
  unit: 'requests/s',
  better: 'more',
  onlyOurs: true,
  measure: async ({ server, seconds }) => {
    const service = await serviceOf(server.url);
    const body = new URLSearchParams({
      grant_type: 'refresh_token',
      refresh_token: await refreshToken(server.url, service),
      service,
      client_id: 'bench',
      scope: SCOPE,
    }).toString();
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const endsAt = performance.now() + seconds * 1000;
    let answers = 0;
    const driver = async (): Promise<void> => {
      while (performance.now() < endsAt) {
        const response = await fetch(`${server.url}/token`, { method: 'POST', headers, body });
        if (response.status !== 200) throw new Error(`refresh: ${response.status}`);
        await response.arrayBuffer();
        answers++;
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, driver));
    return answers / seconds;
  },
};

export const TOKENS: readonly Row[] = [byPassword, byRefreshToken];
