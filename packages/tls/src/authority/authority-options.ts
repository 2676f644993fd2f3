// The options of `portolan ca init` for an authority that may issue for all that another one is for, and for
// more: whoever follows a hint must not lose a name.
import { UpstreamHost } from '@portolan/oci';
import { isIP } from 'node:net';
import type { NameConstraints } from '../names/name-constraints.ts';

export interface MoreNames {
  /** Of servers, wildcards and addresses too. */
  readonly names?: readonly string[];
  /** Hosts of registries that it shall stand for. */
  readonly registries?: readonly string[];
}

function lastLabel(domain: string): string {
  return domain.slice(domain.lastIndexOf('.') + 1);
}

/**
 * The certificate does not say which domain came by which option, and both permit the same: this is only for
 * whoever reads the command.
 */
function looksForeign(domain: string, [first = domain]: readonly string[]): boolean {
  const isRegistry = domain.includes('.') && UpstreamHost.find(domain) !== undefined;
  return isRegistry && lastLabel(domain) !== lastLabel(first);
}

function isName(text: string): boolean {
  return isIP(text) === 0;
}

/** `--name registry.lan --ip 10.0.0.0/8 --impersonate docker.io` */
export function authorityOptions(
  { domains, networks }: NameConstraints,
  { names = [], registries = [] }: MoreNames = {},
): string {
  const foreign = domains.filter((domain) => looksForeign(domain, domains));
  const own = domains.filter((domain) => !foreign.includes(domain));
  const lacking = names.filter(isName).map((name) => name.replace(/^\*\./, ''));
  const addresses = [...names, ...registries].filter((text) => !isName(text));
  const options = [
    ...[...own, ...lacking].map((domain) => `--name ${domain}`),
    ...[...networks, ...addresses].map((network) => `--ip ${network}`),
    ...[...foreign, ...registries.filter(isName)].map((host) => `--impersonate ${host}`),
  ];
  return [...new Set(options)].join(' ');
}
