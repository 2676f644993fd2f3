// The wire of `/v2/`: OCI distribution-spec over the stores of @portolan/storage.
export { fileKeySet } from './access/file-key-set.ts';
export type { KeySet } from './access/key-set.ts';
export { remoteKeySet } from './access/remote-key-set.ts';
export type { RegistryAccess, RepositoryAccess } from './access/require-access.ts';
export { storedKeySet } from './access/stored-key-set.ts';
export { createRegistryApp, type RegistryApp, type RequestListener } from './http/app.ts';
export type {
  Correlate,
  Correlation,
  ObserveRequest,
  ObserveRoute,
  RequestObservation,
} from './http/observation.ts';
export { ROUTES, type Route } from './http/routes.ts';
export { createServedHosts, type ServedHosts } from './views/served-hosts.ts';
export { isRegistryTarget } from './views/view-path.ts';
export { DEFAULT_LIMITS, type RegistryDeps, type RegistryLimits } from './registry-deps.ts';
