export { describeAction } from './describe-action.ts'
export {
  atMost,
  corruptWhen,
  type DatagramPredicate,
  delayWhen,
  dropWhen,
  duplicateWhen,
  during,
  type Fault,
  type FaultPlace,
  type FaultVerdict,
  onInterface,
  partition
} from './faults.ts'
export { createIkeLabels, type IkeLabels } from './ike-labels.ts'
export { drawLadder, type LadderOptions } from './ladder.ts'
export { createNat, type Nat, type NatMapping, type NatOptions, type NatResult } from './nat.ts'
export {
  createNetwork,
  type InterfaceChange,
  type InterfaceOptions,
  type LinkConditions,
  type Network
} from './network.ts'
export { writePcap } from './pcap.ts'
export { NO_QUIRKS, PEER_MODELS, type PeerModel, type PeerQuirks } from './peer-models.ts'
export { createQuirkyHost } from './quirky-host.ts'
export { createSeededRandom, type SeededRandom } from './seeded-random.ts'
export { createSessionHost, type SessionHost, type SessionHostOptions } from './session-host.ts'
export {
  createSessionRunner,
  type SessionRunner,
  type SessionRunnerOptions
} from './session-runner.ts'
export { startTraffic, type Traffic, type TrafficEnd, type TrafficFigures, type TrafficOptions } from './traffic.ts'
export type { SimDatagram, SimHost, SimHostEvent, SimHostOutput, TraceEntry } from './types.ts'
