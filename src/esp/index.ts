export {
  createInboundEspSa,
  createOutboundEspSa,
  type DecapsulateError,
  type DecapsulateResult,
  type EncapsulateError,
  type EncapsulateResult,
  type EspKeys,
  type EspSaOptions,
  type InboundEspSa,
  type InboundEspSaOptions,
  type OutboundEspSa,
  type OutboundEspSaOptions
} from './esp-sa.ts'
export {
  type ChildSaAction,
  createEspTunnel,
  type EspTunnel,
  type EspTunnelOptions,
  type RewrittenSelectors,
  type TunnelChild,
  type TunnelChildKeys,
  type TunnelChildSnapshot,
  type TunnelReceiveError,
  type TunnelReceiveResult,
  type TunnelSendError,
  type TunnelSendResult,
  type TunnelSnapshot
} from './esp-tunnel.ts'
export { type InnerPacket, innerPacketLength, readInnerPacket } from './inner-packet.ts'
export { buildIpPacket, buildUdpPacket, readUdpPacket, type UdpPacket } from './ip-packet.ts'
export {
  createReplayWindow,
  REPLAY_WINDOW,
  type ReplayRefusal,
  type ReplayState,
  type ReplayWindow
} from './replay-window.ts'
export { matchesInbound, matchesOutbound, type SelectorPair } from './traffic-selectors.ts'
