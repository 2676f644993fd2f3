// What an authority may issue for (RFC 5280 §4.2.1.10): domains with all that is below them, and
// networks. Whoever trusts the authority can hold it to that, and a stolen key forges nothing else.
import { BlockList, isIP } from 'node:net';
import { tlsError } from '../errors.ts';
import { CertificateName } from './certificate-name.ts';

export interface NameConstraints {
  /** `registry.lan` permits itself, `*.registry.lan` and `a.b.registry.lan`. */
  readonly domains: readonly string[];
  /** `10.0.0.0/8`; a single address ends in `/32` or `/128`. */
  readonly networks: readonly string[];
}

function toDomain(text: string): string {
  const name = CertificateName.parse(text.replace(/^\*\./, ''));
  if (!CertificateName.isAddress(name)) return name;
  throw tlsError('certificate-name-invalid', `'${text}' is an address, not a domain`, {
    hint: 'addresses are given as such, with --ip',
  });
}

function toNetwork(text: string): string {
  const [, address = '', digits] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const family = isIP(address);
  const most = family === 4 ? 32 : 128;
  const bits = digits === undefined ? most : Number(digits);
  if (family === 0 || bits > most) {
    throw tlsError('certificate-name-invalid', `'${text}' is neither an address nor a network`, {
      hint: 'write 10.0.0.1 or 10.0.0.0/24',
    });
  }
  return `${CertificateName.parse(address)}/${bits}`;
}

/** @throws TlsError `certificate-name-invalid`, `request-invalid` when nothing is permitted */
function parse(domains: readonly string[], networks: readonly string[]): NameConstraints {
  if (domains.length + networks.length === 0) {
    throw tlsError('request-invalid', 'an authority needs at least one name to issue for', {
      hint: 'name this host with --name registry.lan, or set public_url',
    });
  }
  return {
    domains: [...new Set(domains.map(toDomain))],
    networks: [...new Set(networks.map(toNetwork))],
  };
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 4 ? 'ipv4' : 'ipv6';
}

function isInNetwork(address: string, network: string): boolean {
  const [base = '', bits = ''] = network.split('/');
  if (familyOf(base) !== familyOf(address)) return false;
  const list = new BlockList();
  list.addSubnet(base, Number(bits), familyOf(base));
  return list.check(address, familyOf(address));
}

function permits({ domains, networks }: NameConstraints, name: CertificateName): boolean {
  if (CertificateName.isAddress(name)) return networks.some((one) => isInNetwork(name, one));
  const domain = name.replace(/^\*\./, '');
  return domains.some((one) => domain === one || domain.endsWith(`.${one}`));
}

export const NameConstraints = { parse, permits } as const;
