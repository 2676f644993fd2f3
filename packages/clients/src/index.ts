// What the clients of registries are told, and what each of them then sends.
export type { ClientErrorCode } from './client-error.ts';
export type {
  ClientConfig,
  ConfigFile,
  ConfigRequest,
  FoundPlace,
} from './config/client-config.ts';
export { hostsBesideProxy, proxyAddress } from './config/proxy.ts';
export { CONFIG_ENGINES, type ConfigEngine, configOf } from './config/engine-configs.ts';
export { type EngineVersion, parseEngineVersion } from './engine-version.ts';
export {
  CHECKED_ENGINES,
  type CheckedEngine,
  ownNameShapes,
  shapesOf,
} from './engines/engine-shapes.ts';
export {
  type LoginPlace,
  type PlannedRequest,
  type PlannedRequests,
  planRequests,
  type WantedImage,
} from './engines/planned-requests.ts';
export type { RequestShape } from './engines/request-shape.ts';
export {
  isRegistryItself,
  isVirtualHost,
  hostNameOf,
  parseRegistryAddress,
  type RegistryAddress,
  virtualHostOf,
} from './registry-address.ts';
