import { EMPTY, samePath } from '../bytes/index.ts'
import { copySelectors } from '../ike/index.ts'
import { authenticate } from './authenticating.ts'
import { failedOf, renewChildren, rewriteSelectors } from './child-moves.ts'
import { deleteChild } from './children.ts'
import type { SessionConfig } from './config.ts'
import { connect, renewPaths } from './initial-paths.ts'
import { allExcluded } from './inner-addresses.ts'
import { suspectPeer } from './liveness.ts'
import { tellMobike } from './mobike-bridge.ts'
import { receiveDatagram } from './receive.ts'
import { acceptInitiator, verifyInitiator } from './responding.ts'
import type { Session } from './state.ts'
import { enqueue } from './tasks.ts'
import { passTime } from './timers.ts'
import {
  childById,
  close,
  currentChildPath,
  livenessDueAt,
  NO_SECRETS,
  patch,
  report,
  sessionOf,
  type Turn
} from './turn.ts'
import type { Answer, SessionAction, SessionEvent } from './types.ts'
import { work } from './work.ts'

/** A session that will start an IKE SA when it is told to connect. MOBIKE initiator for the life of the lineage. */
export function createInitiatorSession(_config: SessionConfig): Session {
  return emptySession('initiator')
}

/** A session that waits for an IKE_SA_INIT request. MOBIKE responder for the life of the lineage. */
export function createResponderSession(_config: SessionConfig): Session {
  return emptySession('responder')
}

/** A session after an event, and what the caller must now do. */
export interface SessionStep {
  readonly session: Session
  /** To be carried out in this order. */
  readonly actions: readonly SessionAction[]
}

/**
 * The whole consequence of one event (RFC 7296, RFC 4555): the next session and the actions, in order. Pure: the same
 * arguments give the same result, nothing given is changed, and octets given are not kept but copied. Never throws on
 * what comes from the network.
 *
 * @param config the same for every step of a session.
 * @throws RangeError naming `event.entropy` when it has fewer than 32 octets, or `event.paths` when there is none.
 * @throws TypeError naming `event.now` when it is no finite number.
 */
export function stepSession(config: SessionConfig, session: Session, event: SessionEvent): SessionStep {
  if (!Number.isFinite(event.now)) throw new TypeError('event.now: a number of milliseconds is needed')
  if (event.entropy.length < 32) throw new RangeError('event.entropy: at least 32 octets are needed')
  const turn: Turn = {
    config,
    now: event.now,
    entropy: event.entropy,
    state: session.state,
    ownsState: false,
    secrets: session.secrets,
    actions: [],
    draws: 0,
    request: EMPTY,
    response: null
  }
  take(turn, event)
  work(turn)
  return { session: sessionOf(turn), actions: turn.actions }
}

function take(turn: Turn, event: SessionEvent): void {
  switch (event.type) {
    case 'datagramReceived':
      return receiveDatagram(turn, event.path, event.bytes)
    case 'tick':
      return passTime(turn)
    case 'answered':
      return takeAnswer(turn, event.id, event.answer)
    case 'localAddressesChanged': {
      const addresses = event.addresses.map((address) => ({ ...address }))
      patch(turn, { surroundings: { ...turn.state.surroundings, localAddresses: addresses } })
      renewPaths(turn)
      return tellMobike(turn, { type: 'localAddressesChanged', now: turn.now, addresses })
    }
    case 'remoteCandidatesChanged': {
      const endpoints = event.endpoints.map((endpoint) => ({ ...endpoint }))
      patch(turn, { surroundings: { ...turn.state.surroundings, remoteCandidates: endpoints } })
      renewPaths(turn)
      return tellMobike(turn, { type: 'remoteCandidatesChanged', now: turn.now, endpoints })
    }
    case 'excludedPrefixesChanged': {
      const prefixes = event.prefixes.map((prefix) => ({ ...prefix }))
      patch(turn, { surroundings: { ...turn.state.surroundings, excludedPrefixes: prefixes } })
      renewPaths(turn)
      return tellMobike(turn, { type: 'excludedPrefixesChanged', now: turn.now, prefixes: allExcluded(turn) })
    }
    case 'connectRequested':
      if (turn.state.phase.name !== 'idle') return disregard(turn, event, 'the session was started before')
      return connect(turn, event.paths ?? null)
    case 'closeRequested':
      // Without a path no Delete can leave.
      if (turn.state.phase.name !== 'established' || turn.state.suspendedSince !== null)
        return close(turn, 'closedLocally')
      return enqueue(turn, { kind: 'closeIke', reason: 'closedLocally' })
    default:
      if (turn.state.phase.name !== 'established') return disregard(turn, event, 'the session is not established')
      return takeWish(turn, event)
  }
}

/** Events that only mean something to an established session. */
function takeWish(turn: Turn, event: SessionEvent): void {
  switch (event.type) {
    case 'hintReceived':
      return suspectPeer(turn, event.hint)
    case 'peerRestarted':
      return close(turn, 'peerRestarted')
    case 'childSasMoved':
      rewriteSelectors(turn, event.rewritten ?? [])
      return tellMobike(turn, { type: 'childSasMoved', now: turn.now })
    case 'childSaMoveFailed':
      return childSaMoveFailed(turn, event.reason, event.ids)
    case 'espReceived':
      return espReceived(turn, event)
    case 'childSaRequested': {
      const localSelectors = copySelectors(event.localSelectors ?? turn.state.allowed.local)
      const remoteSelectors = copySelectors(event.remoteSelectors ?? turn.state.allowed.remote)
      return enqueue(turn, { kind: 'createChild', localSelectors, remoteSelectors, group: null }, event.type)
    }
    case 'childSaRekeyRequested': {
      const child = childById(turn.state, event.id)
      if (child === undefined || child.closing) return disregard(turn, event, 'there is no such Child SA')
      return enqueue(turn, { kind: 'rekeyChild', id: event.id, group: null }, event.type)
    }
    case 'childSaDeleteRequested': {
      const child = childById(turn.state, event.id)
      if (child === undefined) return disregard(turn, event, 'there is no such Child SA')
      return deleteChild(turn, child)
    }
    case 'ikeSaRekeyRequested':
      return enqueue(turn, { kind: 'rekeyIke', group: null }, event.type)
    case 'livenessRequested':
      if (turn.state.mobike === null) return enqueue(turn, { kind: 'liveness' }, event.type)
      return tellMobike(turn, { type: 'livenessDue', now: turn.now })
    case 'updateRequested':
      if (turn.state.mobike === null) return disregard(turn, event, 'MOBIKE is not in force')
      return tellMobike(turn, { type: 'updateForced', now: turn.now })
  }
}

function takeAnswer(turn: Turn, id: number, answer: Answer): void {
  const { phase } = turn.state
  if (!('question' in phase) || phase.question !== id) {
    return report(turn, { kind: 'eventIgnored', event: 'answered', reason: 'no such question is open' })
  }
  if (phase.name === 'expectOwnCredential' && answer.kind === 'preSharedKey') {
    return authenticate(turn, phase, answer.secret)
  }
  if (phase.name === 'expectPeerCredential' && answer.kind === 'preSharedKey') {
    return verifyInitiator(turn, phase, phase.deadline, answer.secret)
  }
  if (phase.name === 'expectConfiguration' && answer.kind === 'configuration') {
    return acceptInitiator(turn, phase, phase.peerIdentity, answer.configuration)
  }
  throw new TypeError(`event.answer: question ${id} is not about '${answer.kind}'`)
}

/** The host could not migrate some Child SAs (F68, F69). What closed meanwhile does not count. */
function childSaMoveFailed(turn: Turn, reason: string, ids: readonly number[] | undefined): void {
  const failed = ids && failedOf(turn, ids)
  if (failed?.length === 0) return tellMobike(turn, { type: 'childSasMoved', now: turn.now })
  // Without MOBIKE no UPDATE can take the peer back.
  if (turn.state.mobike === null) return renewChildren(turn, failed)
  tellMobike(turn, { type: 'childSaMoveFailed', now: turn.now, reason, ...(failed && { ids: failed }) })
}

/** ESP on the addresses in use is a proof of life, on others it is none (RFC 4555 section 3.12, A118, A119). */
function espReceived(
  turn: Turn,
  { path, encapsulated }: Extract<SessionEvent, { readonly type: 'espReceived' }>
): void {
  if (samePath(currentChildPath(turn.state), path)) patch(turn, { livenessAt: livenessDueAt(turn) })
  const esp = { type: 'espReceived', now: turn.now, path } as const
  tellMobike(turn, encapsulated === undefined ? esp : { ...esp, encapsulated })
}

function disregard(turn: Turn, event: SessionEvent, reason: string): void {
  report(turn, { kind: 'eventIgnored', event: event.type, reason })
}

function emptySession(role: 'initiator' | 'responder'): Session {
  return {
    state: {
      role,
      phase: role === 'initiator' ? { name: 'idle' } : { name: 'expectInitRequest' },
      path: null,
      initPath: null,
      nat: { traversal: false, observation: null },
      keepalive: null,
      ikeSas: [],
      children: [],
      tasks: [],
      mobike: null,
      surroundings: { localAddresses: [], remoteCandidates: [], excludedPrefixes: [] },
      inner: [],
      allowed: { local: [], remote: [] },
      livenessAt: null,
      suspendedSince: null,
      mobikeInRow: 0,
      nextId: 1
    },
    secrets: NO_SECRETS
  }
}
