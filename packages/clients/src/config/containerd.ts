// containerd, and what stands on it: ctr, nerdctl, the CRI plugin.
import type { ClientConfig, ConfigRequest } from './client-config.ts';
import { hostsFiles } from './hosts-toml.ts';

const ROOT = '/etc/containerd/certs.d';
const PLUGINS = {
  1: '[plugins."io.containerd.grpc.v1.cri".registry]',
  2: `[plugins.'io.containerd.cri.v1.images'.registry]`,
} as const;

function configPath(request: ConfigRequest): string {
  const major = request.version?.[0];
  const tables =
    major === undefined
      ? `${PLUGINS[1]} (containerd 1.x) or ${PLUGINS[2]} (2.x)`
      : PLUGINS[major < 2 ? 1 : 2];
  return `The CRI plugin reads these files when /etc/containerd/config.toml has config_path = "${ROOT}" under ${tables}, and no registry.mirrors beside it. After a change there: systemctl restart containerd`;
}

export function containerdConfig(request: ConfigRequest): ClientConfig {
  return {
    files: hostsFiles(request, ROOT),
    reload: [],
    notes: [
      'hosts.toml is read on each pull; nothing needs a restart.',
      configPath(request),
      `ctr reads them when it is told to: ctr images pull --hosts-dir ${ROOT} IMAGE; nerdctl does by itself.`,
    ],
  };
}
