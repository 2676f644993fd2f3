// The proxy that engines reach mirrored registries through, under their own names.
export {
  type ConnectFacts,
  type ConnectHandler,
  type ConnectOutcome,
  createConnectHandler,
  DEFAULT_TUNNEL_LIMITS,
  type ServeAs,
} from './connect-handler.ts';
export { ConnectTarget } from './connect-target.ts';
export { PassPattern } from './pass-pattern.ts';
