import { compareBytes, type IpAddress, ipAddressBytes, readUint32, uint32Bytes } from '../bytes/index.ts'
import type { AddressRangeSelector } from '../codec/types.ts'
import { childSendingKeys, deriveChildKeys, ikeKeys } from '../crypto/index.ts'
import { type ChildAgreement, type ChildOffer, offerChild } from '../ike/index.ts'
import { resolveChildSuite } from '../ike/proposals.ts'
import type { ChildSaKeys } from '../ike/types.ts'
import type { SessionConfig } from './config.ts'
import type { Child, IkeSa, Session } from './state.ts'
import {
  childById,
  currentChildPath,
  encapsulating,
  ikeKeysOf,
  nextId,
  patch,
  putChild,
  random,
  report,
  suiteOf,
  type Turn
} from './turn.ts'

/** A new inbound SPI: 256 or more, as RFC 4303 section 2.1 reserves the others, and not one of ours. */
export function newChildSpi(turn: Turn): number {
  for (;;) {
    const spi = readUint32(random(turn, 'child', 4), 0)
    if (spi >= 256 && !turn.state.children.some(({ sa }) => sa.localSpi === spi) && !isOffered(turn, spi)) return spi
  }
}

/** With a window above 1 another request may have offered it, and it is not answered yet. */
function isOffered(turn: Turn, spi: number): boolean {
  return turn.state.ikeSas.some(({ requests }) =>
    requests.outstanding.some(({ purpose }) => purpose.kind === 'createChild' && purpose.spi === spi)
  )
}

/** An offer for a Child SA that we start, with our inbound SPI. */
export function childOffer(
  config: SessionConfig,
  spi: number,
  selectors: { readonly local: readonly AddressRangeSelector[]; readonly remote: readonly AddressRangeSelector[] },
  exchange: 'auth' | 'createChild'
): ChildOffer {
  return {
    proposals: offerChild(config.childProposals, uint32Bytes(spi), exchange),
    selectorsInitiator: selectors.local,
    selectorsResponder: selectors.remote
  }
}

/** Nonces and shared secret a Child SA's keys come from, and who started the exchange (RFC 7296 section 2.17). */
export interface ChildKeySource {
  readonly ikeSa: IkeSa
  readonly nonceInitiator: Uint8Array
  readonly nonceResponder: Uint8Array
  readonly sharedSecret?: Uint8Array | undefined
  readonly startedHere: boolean
}

/**
 * Derives the keys of an agreed Child SA and has it installed on the addresses valid now, not on those of the message
 * (RFC 4555 section 3.3, F28). Returns it, or undefined when its algorithms are not configured.
 */
export function installChild(
  turn: Turn,
  agreement: ChildAgreement,
  localSpi: number,
  keys: ChildKeySource,
  {
    replaces = null,
    rekeyOf = null,
    outbound = 'now'
  }: {
    readonly replaces?: number | null
    readonly rekeyOf?: Child['rekeyOf']
    readonly outbound?: 'now' | 'afterInbound'
  } = {}
): Child | undefined {
  const suite = resolveChildSuite(turn.config.childProposals, agreement.suite)
  if (suite === undefined) return undefined
  const ikeSuite = suiteOf(turn.config, keys.ikeSa)
  const material = deriveChildKeys({
    prf: ikeSuite.prf,
    skD: ikeKeys(ikeSuite, ikeKeysOf(turn.secrets, keys.ikeSa)).d,
    suite,
    nonceInitiator: keys.nonceInitiator,
    nonceResponder: keys.nonceResponder,
    sharedSecret: keys.sharedSecret
  })
  const id = nextId(turn)
  turn.secrets = { ...turn.secrets, childKeys: { ...turn.secrets.childKeys, [id]: material } }
  const path = currentChildPath(turn.state)
  const child: Child = {
    sa: {
      id,
      localSpi,
      remoteSpi: agreement.remoteSpi,
      suite: agreement.suite,
      localSelectors: agreement.localSelectors,
      remoteSelectors: agreement.remoteSelectors
    },
    startedHere: keys.startedHere,
    rekeyAt: jittered(turn, turn.config.lifetimes.childSaMs),
    closing: false,
    rekeyOf,
    stranded: false,
    selectsEndpoint: childById(turn.state, rekeyOf ?? -1)?.selectsEndpoint ?? {
      local: isAmong(agreement.localSelectors, path.local.address) ? path.local.address : null,
      remote: isAmong(agreement.remoteSelectors, path.remote.address) ? path.remote.address : null
    }
  }
  patch(turn, { children: [...turn.state.children, child] })
  turn.actions.push({
    type: 'installChildSa',
    child: child.sa,
    path,
    encapsulate: encapsulating(turn.state),
    replaces,
    outbound
  })
  return child
}

/** Forgets a Child SA and its keys and has it removed. */
export function removeChild(turn: Turn, id: number): void {
  if (!turn.state.children.some((child) => child.sa.id === id)) return
  const { [id]: _, ...childKeys } = turn.secrets.childKeys
  turn.secrets = { ...turn.secrets, childKeys }
  patch(turn, {
    children: turn.state.children.filter((child) => child.sa.id !== id),
    tasks: turn.state.tasks.filter((task) => !('id' in task) || task.id !== id)
  })
  turn.actions.push({ type: 'removeChildSa', id })
  report(turn, { kind: 'childSaClosed', id })
}

/** Marks a Child SA as being closed and queues its Delete. */
export function deleteChild(turn: Turn, child: Child): void {
  if (child.closing) return
  putChild(turn, { ...child, closing: true, rekeyAt: null })
  const tasks = turn.state.tasks.filter((task) => task.kind !== 'rekeyChild' || task.id !== child.sa.id)
  patch(turn, {
    tasks: [
      ...tasks,
      { kind: 'deleteChild', id: child.sa.id, spi: child.sa.localSpi, notBefore: turn.now, failingSince: null }
    ]
  })
}

/**
 * Keys of a Child SA for the ESP engine, both directions; undefined when the session has no such Child SA. Take them when
 * `installChildSa` comes: the octets are views of the secrets and must not be changed.
 */
export function childSaKeys(config: SessionConfig, session: Session, id: number): ChildSaKeys | undefined {
  const child = session.state.children.find((candidate) => candidate.sa.id === id)
  const material = session.secrets.childKeys[id]
  const suite = child && resolveChildSuite(config.childProposals, child.sa.suite)
  if (child === undefined || material === undefined || suite === undefined) return undefined
  const ours = childSendingKeys(suite, material, child.startedHere ? 'initiator' : 'responder')
  const theirs = childSendingKeys(suite, material, child.startedHere ? 'responder' : 'initiator')
  return { suite, inbound: theirs, outbound: ours }
}

/** A time `lifetime` from now, up to a tenth earlier at random, so that both ends rarely rekey at once (section 2.8.1). */
export function jittered(turn: Turn, lifetime: number | null): number | null {
  if (lifetime === null) return null
  return turn.now + lifetime * (1 - readUint32(random(turn, 'jitter', 4), 0) / 0xffffffff / 10)
}

function isAmong(selectors: readonly AddressRangeSelector[], address: IpAddress): boolean {
  return selectors.some((selector) => isHost(selector, address))
}

/** True for a selector that is `address` and nothing else. */
export function isHost({ startAddress, endAddress }: AddressRangeSelector, address: IpAddress): boolean {
  const octets = ipAddressBytes(address)
  if (octets === undefined) return false
  return compareBytes(startAddress, octets) === 0 && compareBytes(endAddress, octets) === 0
}
