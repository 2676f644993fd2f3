// `hosts.toml` of containerd, which docker 29 and others read too: one directory for each registry,
// `_default` for all the others. The engine adds `?ns=` to what it asks for, so that one address does
// for every registry.
//
// Traps, each with a test:
// - containerd 1.x ignores a file that has `server` and no `[host]` table, and goes to the internet;
//   docker merges its old settings into one that makes a single host. Both are always written.
// - Without `server`, the registry itself comes last: that is fail-open, and nothing else is.
// - The keys of `server` must come before the first table. `server` has a `ca` of its own, or the
//   error of a refused image would be that of an unknown authority.
import { type ConfigFile, certificateFiles, type ConfigRequest } from './client-config.ts';
import { tomlString, tomlStrings } from './toml.ts';

/** containerd reads `host_5000_`, so that the name needs no colon. */
export function directoryOf(host: string): string {
  return host.replace(/:(\d+)$/, '_$1_');
}

export function hostsToml(
  { registry, fails }: Pick<ConfigRequest, 'registry' | 'fails'>,
  ca: string | undefined,
): string {
  const trust = ca === undefined ? [] : [`ca = ${tomlString(ca)}`];
  const origin = tomlString(registry.origin);
  const server = fails === 'open' ? [] : [`server = ${origin}`, ...trust, ''];
  return [
    ...server,
    `[host.${origin}]`,
    `  capabilities = ${tomlStrings(['pull', 'resolve'])}`,
    ...trust.map((line) => `  ${line}`),
    '',
  ].join('\n');
}

/** In the registry's own directory, for images that are typed with its name. */
export function hostsCertificate(
  { registry }: Pick<ConfigRequest, 'registry'>,
  root: string,
): string {
  return `${root}/${directoryOf(registry.host)}/ca.crt`;
}

/** @param root the directory of these directories */
export function hostsFiles(request: ConfigRequest, root: string): readonly ConfigFile[] {
  const ca = hostsCertificate(request, root);
  const text = hostsToml(request, request.ca === undefined ? undefined : ca);
  const directories = request.upstreams?.map(directoryOf) ?? ['_default'];
  return [
    ...directories.map((name) => ({ path: `${root}/${name}/hosts.toml`, text })),
    ...certificateFiles(request, ca),
  ];
}
