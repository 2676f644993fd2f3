// Which engines can be configured, and by what.
import { refuse } from '../client-error.ts';
import { isRegistryItself } from '../registry-address.ts';
import { buildkitConfig } from './buildkit.ts';
import type { ClientConfig, ConfigRequest } from './client-config.ts';
import { containerdConfig } from './containerd.ts';
import { dockerConfig } from './docker.ts';
import { k3sConfig } from './k3s.ts';
import { proxyConfig } from './proxy.ts';
import { crioConfig, podmanConfig } from './registries-conf.ts';

const CONFIGS = {
  containerd: containerdConfig,
  docker: dockerConfig,
  podman: podmanConfig,
  crio: crioConfig,
  buildkit: buildkitConfig,
  k3s: k3sConfig,
  proxy: proxyConfig,
} as const satisfies Record<string, (request: ConfigRequest) => ClientConfig>;

export type ConfigEngine = keyof typeof CONFIGS;

export const CONFIG_ENGINES = Object.keys(CONFIGS) as readonly ConfigEngine[];

/**
 * The files of an engine that make it pull from our registry.
 * @throws DomainError `request-invalid` for what that engine cannot do, with what does it
 */
export function configOf(engine: ConfigEngine, request: ConfigRequest): ClientConfig {
  const itself = request.upstreams?.find((host) => isRegistryItself(request.registry, host));
  if (itself !== undefined) {
    refuse(
      `${itself} is this registry itself`,
      'name the registries that are mirrored; what is typed with its own name comes from it anyway',
    );
  }
  return CONFIGS[engine](request);
}
