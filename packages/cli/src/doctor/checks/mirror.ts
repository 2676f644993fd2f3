// The registries that the mirror copies from: whether they are there, and how the last runs ended.
import { reasonOf } from '@portolan/oci';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Check, fail, type Finding, ok, onData, skipped, warn } from '../check.ts';
import { openUpstreams } from '../../commands/with-upstreams.ts';
import type { OpenMachine } from '../machine.ts';

const WITHIN_MS = 4000;

async function ping({ storage, settings, clock }: OpenMachine, host: string): Promise<Finding[]> {
  const { createRegistryClient } = await import('@portolan/mirror');
  try {
    const upstreams = await openUpstreams(storage);
    const client = createRegistryClient({
      settings: await upstreams.settingsOf(host),
      egress: settings.egress,
      clock,
      random: Math.random,
      sleep: (ms, signal) => sleep(ms, undefined, { signal }),
      limits: { answerTimeoutMs: WITHIN_MS, maxAttempts: 1 },
    });
    try {
      await client.ping(AbortSignal.timeout(WITHIN_MS));
      return [];
    } finally {
      await client.close();
    }
  } catch (error) {
    return [
      warn(`${host}: ${reasonOf(error)}`, {
        meaning: 'what is mirrored already goes on; nothing new comes from there',
        remedy: `see \`portolan upstream show ${host}\`: endpoint, credentials, proxy; and mirror.allowed_networks`,
      }),
    ];
  }
}

export const upstreams: Check = onData({
  name: 'upstreams',
  topic: 'mirror',
  async run(machine) {
    const hosts = (await machine.storage.upstreams.list()).map(({ host }) => host);
    if (hosts.length === 0) return skipped('nothing is mirrored');
    const found = (await Promise.all(hosts.map((host) => ping(machine, host)))).flat();
    return found.length > 0 ? found : ok(hosts.join(', '));
  },
});

async function judgeLastRun({ storage }: OpenMachine, id: number, destination: string) {
  const [last] = await storage.mirrorRuns.list(id, 1);
  if (last?.outcome !== 'failed' && last?.outcome !== 'partial') return undefined;
  const when = new Date(last.startedAt).toISOString();
  const advice = {
    meaning: 'what is here is older than the rule wants it',
    remedy: `\`portolan mirror log ${destination}\`, then \`portolan mirror sync ${destination}\``,
  };
  const summary = `${destination} (${when}) ended ${last.outcome}`;
  return last.outcome === 'failed' ? fail(summary, advice) : warn(summary, advice);
}

export const mirrorRuns: Check = onData({
  name: 'mirror-runs',
  topic: 'mirror',
  async run(machine) {
    const rules = await machine.storage.mirrorRules.list();
    if (rules.length === 0) return skipped('there is no rule');
    const judged = await Promise.all(
      rules.map(({ id, destination }) => judgeLastRun(machine, id, destination)),
    );
    const found = judged.filter((one) => one !== undefined);
    return found.length > 0 ? found : ok(`none of ${rules.length} failed`);
  },
});
