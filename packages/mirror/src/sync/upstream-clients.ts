// One client for each upstream, for as long as a command or a job goes on: its connections, tokens and
// limits are shared by all rules. What an upstream says of its pull limit is written down at the end and
// now and then, not on each answer.
import { createRegistryClient, type RegistryClient } from '../client/registry-client.ts';
import type { ClientLogger } from '../client/logger.ts';
import type { Quota } from '../client/quota.ts';
import type { Sleep } from '../client/rate-limit.ts';
import type { EgressPolicy } from '../client/upstream-settings.ts';
import type { Upstreams } from '../upstreams/upstreams.ts';

export interface UpstreamClientsDeps {
  readonly upstreams: Upstreams;
  readonly egress: EgressPolicy;
  readonly clock: () => number;
  readonly random: () => number;
  readonly sleep: Sleep;
  readonly logger?: ClientLogger;
}

export interface UpstreamClients {
  client(host: string): Promise<RegistryClient>;
  /** Writes down what is known of pull limits. */
  noteQuotas(): Promise<void>;
  close(): Promise<void>;
}

export function createUpstreamClients(deps: UpstreamClientsDeps): UpstreamClients {
  const { upstreams, clock } = deps;
  const clients = new Map<string, Promise<RegistryClient>>();
  const quotas = new Map<string, Quota & { readonly observedAt: number }>();

  async function open(host: string): Promise<RegistryClient> {
    const { egress, random, sleep, logger } = deps;
    return createRegistryClient({
      settings: await upstreams.settingsOf(host),
      egress,
      clock,
      random,
      sleep,
      ...(logger === undefined ? {} : { logger }),
      onQuota: (quota) => quotas.set(host, { ...quota, observedAt: clock() }),
    });
  }

  async function noteQuotas(): Promise<void> {
    const said = [...quotas];
    quotas.clear();
    for (const [host, quota] of said) await upstreams.noteQuota(host, quota);
  }

  return {
    client(host) {
      const known = clients.get(host);
      if (known !== undefined) return known;
      const opened = open(host);
      clients.set(host, opened);
      // A key that cannot be read today may be readable at the next run.
      opened.catch(() => clients.delete(host));
      return opened;
    },
    noteQuotas,
    async close() {
      await noteQuotas();
      for (const opened of clients.values()) await (await opened.catch(() => undefined))?.close();
    },
  };
}
