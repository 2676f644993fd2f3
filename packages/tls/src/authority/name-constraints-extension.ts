// Name constraints as the extension of a certificate. Loaded only where certificates are made or an
// authority is explained: a server that only uses them needs no ASN.1.
import { AsnConvert } from '@peculiar/asn1-schema';
import {
  GeneralName,
  GeneralSubtree,
  GeneralSubtrees,
  id_ce_nameConstraints,
  NameConstraints as AsnNameConstraints,
} from '@peculiar/asn1-x509';
import type { NameConstraints } from '../names/name-constraints.ts';

// A kind of name that no subtree permits is free (RFC 5280), unless all of it is excluded.
const ALL_ADDRESSES = ['0.0.0.0/0', '::/0'].map(ofNetwork);
const ALL_DOMAINS = [ofDomain('')];

function ofDomain(dNSName: string): GeneralSubtree {
  return new GeneralSubtree({ base: new GeneralName({ dNSName }) });
}

function ofNetwork(iPAddress: string): GeneralSubtree {
  return new GeneralSubtree({ base: new GeneralName({ iPAddress }) });
}

/** DER of the extension's value. */
export function encodeNameConstraints({ domains, networks }: NameConstraints): ArrayBuffer {
  const excluded = [
    ...(domains.length === 0 ? ALL_DOMAINS : []),
    ...(networks.length === 0 ? ALL_ADDRESSES : []),
  ];
  return AsnConvert.serialize(
    new AsnNameConstraints({
      permittedSubtrees: new GeneralSubtrees([
        ...domains.map(ofDomain),
        ...networks.map(ofNetwork),
      ]),
      ...(excluded.length === 0 ? {} : { excludedSubtrees: new GeneralSubtrees(excluded) }),
    }),
  );
}

export function decodeNameConstraints(der: ArrayBuffer): NameConstraints {
  const { permittedSubtrees } = AsnConvert.parse(der, AsnNameConstraints);
  const bases = [...(permittedSubtrees ?? [])].map(({ base }) => base);
  return {
    domains: bases.flatMap(({ dNSName }) => (dNSName === undefined ? [] : [dNSName])),
    networks: bases.flatMap(({ iPAddress }) => (iPAddress === undefined ? [] : [iPAddress])),
  };
}

export { id_ce_nameConstraints as NAME_CONSTRAINTS_OID };
