// A restart of Portolan, as an upgrade does it, behind a proxy that tries again later.
import { expect, test } from 'vitest';
import type { OneBox } from './one-box.ts';

const HAS_STARTED = 'the registry has started';

export function restartTests(box: () => OneBox): void {
  test('lets requests wait while the registry is started anew', async () => {
    const restarted = box()
      .restartRegistry()
      .then(() => HAS_STARTED);
    const statuses = new Set<number>();
    const ask = async (): Promise<void> => {
      const { status } = await box().client.send({ host: 'registry.lan', path: '/v2/' });
      statuses.add(status);
    };
    while ((await Promise.race([restarted, ask()])) !== HAS_STARTED);
    expect([...statuses]).toEqual([401]);
  });
}
