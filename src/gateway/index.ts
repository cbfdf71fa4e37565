export { createGateway } from './gateway.ts'
export {
  type DatagramNews,
  DEFAULT_GATEWAY_LIMITS,
  type Gateway,
  type GatewayAction,
  type GatewayConfig,
  type GatewayLimits,
  type SessionId,
  type TargetedEvent
} from './types.ts'
