// A restart of Portolan, as an upgrade does it, behind a proxy that tries again later.
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { OneBox } from './one-box.ts';

const REQUESTS = 20;
const EVERY_MS = 50;

export function restartTests(box: () => OneBox): void {
  test('lets requests wait while the registry is started anew', async () => {
    const restarted = box().restartRegistry();
    const asked = Array.from({ length: REQUESTS }, async (_, i) => {
      await delay(i * EVERY_MS);
      return (await box().client.send({ host: 'registry.lan', path: '/v2/' })).status;
    });
    const statuses = await Promise.all(asked);
    await restarted;
    expect(statuses).toEqual(statuses.map(() => 401));
  });
}
