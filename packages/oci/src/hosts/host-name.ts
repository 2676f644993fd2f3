// Names of hosts: RFC 952 as RFC 1123 §2.1 has it, labels of letters, digits and inner hyphens. No dot at
// the end, no wildcard, no port: who takes these reads them off first.

declare const brand: unique symbol;

/** Lower-case: `registry.lan`, `localhost`. An IPv4 address has the same form, see `endsInNumber`. */
export type HostName = string & { readonly [brand]: 'HostName' };

const MAX_LENGTH = 253;
const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/i;

function find(text: string): HostName | undefined {
  if (text.length > MAX_LENGTH) return undefined;
  // Lower-case comes last: it would make the letters of some other scripts into these.
  return text.split('.').every((label) => LABEL.test(label))
    ? (text.toLowerCase() as HostName)
    : undefined;
}

/** Whoever connects reads such a name as an IPv4 address, be it `10.0.0.1` or `10.1`, and never as a name. */
function endsInNumber(name: HostName): boolean {
  return /(?:^|\.)\d+$/.test(name);
}

export const HostName = { endsInNumber, find } as const;
