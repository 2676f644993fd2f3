// containerd, and what stands on it: ctr, nerdctl, the CRI plugin.
import type { ClientConfig, ConfigRequest } from './client-config.ts';
import { refuse } from '../client-error.ts';
import { isBefore } from '../engine-version.ts';
import { hostsFiles } from './hosts-toml.ts';
import { otherHostsFiles } from './other-hosts-files.ts';

export const CONTAINERD_ROOT = '/etc/containerd/certs.d';
const PLUGINS = {
  1: '[plugins."io.containerd.grpc.v1.cri".registry]',
  2: `[plugins.'io.containerd.cri.v1.images'.registry]`,
} as const;

/** What makes the CRI plugin read the directory. */
export function configPath(request: ConfigRequest): string {
  const major = request.version?.[0];
  const tables =
    major === undefined
      ? `${PLUGINS[1]} (containerd 1.x) or ${PLUGINS[2]} (2.x)`
      : PLUGINS[major < 2 ? 1 : 2];
  return `The CRI plugin reads these files when /etc/containerd/config.toml has config_path = "${CONTAINERD_ROOT}" under ${tables}, and no registry.mirrors beside it. After a change there: systemctl restart containerd`;
}

export function readsHostsFiles({ version }: Pick<ConfigRequest, 'version'>): boolean {
  return version === undefined || !isBefore(version, [1, 5, 0]);
}

export function containerdConfig(request: ConfigRequest): ClientConfig {
  if (!readsHostsFiles(request)) {
    refuse(
      'containerd before version 1.5 does not read these files, and would ask the registries themselves',
      'bring containerd to 1.5 or later, or use `portolan client config proxy --unit containerd.service` with the same --engine-version',
    );
  }
  return {
    files: hostsFiles(request, CONTAINERD_ROOT),
    surroundings: otherHostsFiles(request, CONTAINERD_ROOT),
    reload: [],
    notes: [
      'hosts.toml is read on each pull; nothing needs a restart.',
      configPath(request),
      `ctr reads them when it is told to: ctr images pull --hosts-dir ${CONTAINERD_ROOT} IMAGE; nerdctl does by itself.`,
    ],
  };
}
