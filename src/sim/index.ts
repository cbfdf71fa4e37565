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
export { createSeededRandom, type SeededRandom } from './seeded-random.ts'
export { startTraffic, type Traffic, type TrafficEnd, type TrafficFigures, type TrafficOptions } from './traffic.ts'
export type { SimDatagram, SimHost, SimHostEvent, SimHostOutput, TraceEntry } from './types.ts'
