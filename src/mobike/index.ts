/**
 * MOBIKE (RFC 4555) as a machine of its own: events in, actions out, no clock, no sockets, no crypto. Any IKEv2 stack
 * can drive it; it needs `bytes` and `codec` only.
 */

export { initialAddressNotifies } from './address-set.ts'
export { initialPaths } from './candidate-pairs.ts'
export { createMobike, nextMobikeWake, stepMobike } from './machine.ts'
export { checkNoNatsAllowed, noNatsAllowedFor } from './nat-prohibition.ts'
export { mobikeNotifiesOf, mobikeNotifyPayloads } from './notifies.ts'
export {
  type CandidatePair,
  DEFAULT_MOBIKE_POLICY,
  type MobikePolicy,
  type ProbingPolicy,
  type RequestedUpdate,
  type RoutabilityPolicy,
  type SelectionPolicy
} from './policy.ts'
export { checkMobikePolicy } from './policy-check.ts'
export { nextMobikeRequest, wantsMobikeRequest } from './request.ts'
export { routabilityOf } from './routability.ts'
export type {
  Doubts,
  MobikeState,
  OwnRequest,
  PairTable,
  PathRecord,
  PendingIntents,
  Probing,
  RollbackPoint,
  RoutabilityLevel,
  Silence,
  VerifiedAddress
} from './state.ts'
export type {
  ExcludedPrefix,
  LocalAddress,
  MobikeAction,
  MobikeCloseReason,
  MobikeEvent,
  MobikeEventBase,
  MobikeHint,
  MobikeInit,
  MobikeNotify,
  MobikePorts,
  MobikePurpose,
  MobikeReport,
  MobikeRequest,
  MobikeRole,
  MobikeStep,
  NatObservation,
  RemoteCandidate
} from './types.ts'
export {
  childPath,
  ikePath,
  isEncapsulating,
  isExpectedEspPath,
  type PathView,
  pathTable,
  peerAddresses,
  type Reachability,
  reachability,
  retransmissionPath
} from './views.ts'
