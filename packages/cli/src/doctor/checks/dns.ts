// Whether the names lead here: the registry's own, and those of mirrored registries below it.
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import { UpstreamHost } from '@portolan/oci';
import { type Check, fail, type Finding, ok, onServer, skipped, warn } from '../check.ts';
import { hostOf, virtualHostsOf } from '../virtual-hosts.ts';

const SHOWN = 3;

async function addressesOf(name: string): Promise<readonly string[]> {
  try {
    return (await lookup(name, { all: true })).map(({ address }) => address);
  } catch {
    return [];
  }
}

function ownAddresses(): ReadonlySet<string> {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return new Set(all.map(({ address }) => address));
}

export const dns: Check = onServer({
  name: 'dns',
  topic: 'network',
  async run(server) {
    const name = hostOf(server);
    if (isIP(name) !== 0) return skipped(`${name} is an address`);
    const found = await addressesOf(name);
    const list = found.join(', ');
    if (found.length === 0) {
      return fail(`${name} is not known to the name server`, {
        meaning: 'clients say "no such host"',
        remedy: `add an A or AAAA record for ${name}, or a line in /etc/hosts of each client`,
      });
    }
    if (!server.isOwn) return ok(`${name} is ${list}`);
    const own = ownAddresses();
    if (found.every((address) => own.has(address))) return ok(`${name} is ${list}, this machine`);
    return warn(`${name} is ${list}, which is not an address of this machine`, {
      meaning:
        'that is right where a proxy stands there, or this is a container; else clients go elsewhere',
      remedy: `correct the record of ${name} if no proxy has that address`,
    });
  },
});

/**
 * Docker Hub's name alone is one that an engine needs: docker before 29 mirrors nothing else. The
 * others are for those who type them.
 */
export function judgeVirtualHosts(
  name: string,
  hosts: readonly string[],
  wrong: readonly string[],
): Finding {
  const right = hosts.length - wrong.length;
  if (wrong.length === 0) return ok(`${right} lead to the same address`);
  const shown = wrong.slice(0, SHOWN).join(', ');
  const more = wrong.length > SHOWN ? ` and ${wrong.length - SHOWN} more` : '';
  const hub = `${UpstreamHost.labelOf(UpstreamHost.DOCKER_HUB)}.${name}`;
  if (!wrong.includes(hub)) {
    return ok(`${right} lead to the same address; ${shown}${more} do not, and no engine needs it`);
  }
  return warn(`${hub} does not lead here`, {
    meaning: 'docker before version 29 reaches the mirror of Docker Hub by this name alone',
    remedy: `add a wildcard record *.${name}, with the same address as ${name}`,
  });
}

export const virtualHosts: Check = onServer({
  name: 'virtual-hosts',
  topic: 'network',
  after: ['dns'],
  async run(server) {
    const name = hostOf(server);
    if (isIP(name) !== 0 || name === 'localhost') return skipped(`there are none below ${name}`);
    if (server.views === undefined) {
      return skipped('which registries are mirrored is not known here');
    }
    const hosts = virtualHostsOf(server);
    if (hosts.length === 0) return skipped('no registry is mirrored');
    const here = new Set(await addressesOf(name));
    const wrong: string[] = [];
    for (const host of hosts) {
      const found = await addressesOf(host);
      if (!found.some((address) => here.has(address))) wrong.push(host);
    }
    return judgeVirtualHosts(name, hosts, wrong);
  },
});
