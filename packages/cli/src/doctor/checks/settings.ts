// Settings that are right, and that mean something which their owner may not have meant.
import { isIP } from 'node:net';
import { type Check, fail, type Finding, ok, onMachine, warn } from '../check.ts';
import { isLoopback } from '../../config/loopback-host.ts';
import { bareHost } from '../../connection/server-trust.ts';
import type { Machine } from '../machine.ts';

type Judge = (machine: Machine) => Finding | undefined;

function isEverybody(network: string): boolean {
  return network.endsWith('/0');
}

const trustsEverybody: Judge = ({ settings }) => {
  const wide = settings.trustedProxies.find(isEverybody);
  if (wide === undefined) return undefined;
  return fail(`trusted_proxies has ${wide}`, {
    meaning:
      'every client may say to be anybody: failed logins are then counted at whoever it names',
    remedy: 'list the addresses of your proxies alone in trusted_proxies',
  });
};

const mirrorsFromEverywhere: Judge = ({ settings }) => {
  const wide = settings.egress.allowedNetworks.find(isEverybody);
  if (wide === undefined) return undefined;
  return warn(`mirror.allowed_networks has ${wide}`, {
    meaning:
      'an upstream, or whoever answers in its name, can make the mirror read services inside',
    remedy: 'list the networks of your own registries alone in mirror.allowed_networks',
  });
};

const speaksPlain: Judge = ({ names }) => {
  const url = new URL(names.publicUrl);
  if (url.protocol === 'https:' || isLoopback(url.hostname)) return undefined;
  return fail(`public_url is ${url.origin}`, {
    meaning:
      'passwords and tokens go over the network in plain text, and docker refuses such a registry',
    remedy: `\`portolan ca init && portolan ca issue ${url.hostname}\`, listen on https://, and set public_url to https://${url.hostname}`,
  });
};

const showsMetrics: Judge = ({ settings }) => {
  const host = settings.metrics?.host;
  if (host === undefined || !/^(?:0\.0\.0\.0|::)$/.test(host)) return undefined;
  return warn(`metrics.listen is ${host}, every address`, {
    meaning: 'whoever reaches that port reads the metrics',
    remedy: 'set metrics.listen to an address of the network of Prometheus, or to a port alone',
  });
};

const holdsLong: Judge = ({ settings }) => {
  if (settings.jwks === undefined && settings.otherServices.length === 0) return undefined;
  if (settings.tokenTtlSeconds <= 900) return undefined;
  return warn(`token.ttl_seconds is ${settings.tokenTtlSeconds}`, {
    meaning:
      'a registry that is not ours believes a token until it ends, whatever was withdrawn since',
    remedy: 'set token.ttl_seconds to 300',
  });
};

const JUDGES: readonly Judge[] = [
  trustsEverybody,
  mirrorsFromEverywhere,
  speaksPlain,
  showsMetrics,
  holdsLong,
];

/** That they can be read at all was seen when the world was opened. */
export const settingsCheck: Check = {
  name: 'settings',
  topic: 'settings',
  run: async ({ machine, server }) => {
    if (typeof machine !== 'string') return ok(`read, for ${machine.names.publicUrl}`);
    // Elsewhere than on the machine of the server there need be none.
    if (typeof server !== 'string' && !machine.includes('\n')) {
      return { verdict: 'skipped', summary: machine };
    }
    return fail(
      machine
        .split('\n')
        .map((line) => line.trim())
        .join(' '),
      {
        meaning: 'the server does not start like that, or starts with other settings than these',
        remedy: 'correct what is named; docs/configuration.md has every setting',
      },
    );
  },
};

export const unsafeSettings: Check = onMachine({
  name: 'unsafe-settings',
  topic: 'settings',
  run(machine) {
    const found = JUDGES.map((judge) => judge(machine)).filter((one) => one !== undefined);
    return found.length > 0 ? found : ok('none that is known to be dangerous');
  },
});

export const name: Check = onMachine({
  name: 'name',
  topic: 'settings',
  run({ names }) {
    const url = new URL(names.publicUrl);
    const { hostname, origin } = url;
    const advice = {
      remedy: 'set public_url to the name that all clients use, such as https://registry.lan',
    };
    if (isLoopback(hostname)) {
      return warn(`public_url is ${origin}`, {
        meaning: 'no other machine can use this registry',
        ...advice,
      });
    }
    if (isIP(bareHost(url)) !== 0) {
      return warn(`public_url is an address, ${origin}`, {
        meaning:
          'when the address changes, so do the names of all images; views have no host names',
        ...advice,
      });
    }
    if (!hostname.includes('.')) {
      return fail(`public_url is a single word, ${origin}`, {
        meaning: `docker takes ${hostname}/app for a repository of Docker Hub, since no dot and no port is in it`,
        ...advice,
      });
    }
    return ok(origin);
  },
});
