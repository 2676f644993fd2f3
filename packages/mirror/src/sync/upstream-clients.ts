// One client for each upstream, for as long as a command or a job goes on: its connections, tokens and
// limits are shared by all rules. Its settings are looked up anew for each run, its login too, since a
// credential helper's lasts for minutes and a job for days. What an upstream says of its pull limit is
// written down at the end and now and then, not on each answer.
import { isDeepStrictEqual } from 'node:util';
import { createRegistryClient, type RegistryClient } from '../client/registry-client.ts';
import type { ClientLogger } from '../client/logger.ts';
import type { Quota } from '../client/quota.ts';
import type { Sleep } from '../client/rate-limit.ts';
import type { EgressPolicy, UpstreamSettings } from '../client/upstream-settings.ts';
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
  /** For one run, with what the upstream's settings and login are now. */
  client(host: string): Promise<RegistryClient>;
  /** Writes down what is known of pull limits. */
  noteQuotas(): Promise<void>;
  close(): Promise<void>;
}

interface Opened {
  readonly client: RegistryClient;
  readonly place: Omit<UpstreamSettings, 'credentials'>;
}

export function createUpstreamClients(deps: UpstreamClientsDeps): UpstreamClients {
  const { upstreams, clock } = deps;
  const clients = new Map<string, Opened>();
  /** Of settings that are no more; runs that began with them still use them. */
  const outdated: RegistryClient[] = [];
  const quotas = new Map<string, Quota & { readonly observedAt: number }>();

  function open(host: string, settings: UpstreamSettings): RegistryClient {
    const { egress, random, sleep, logger } = deps;
    return createRegistryClient({
      settings,
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
    async client(host) {
      const settings = await upstreams.settingsOf(host);
      const { credentials, ...place } = settings;
      const known = clients.get(host);
      if (known !== undefined && isDeepStrictEqual(known.place, place)) {
        known.client.useCredentials(credentials);
        return known.client;
      }
      const client = open(host, settings);
      if (known !== undefined) outdated.push(known.client);
      clients.set(host, { client, place });
      return client;
    },
    noteQuotas,
    async close() {
      await noteQuotas();
      const all = [...[...clients.values()].map(({ client }) => client), ...outdated];
      await Promise.all(all.map((client) => client.close()));
    },
  };
}
