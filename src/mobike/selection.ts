import { type Endpoint, type IpAddress, ipFamily, type Path, sameEndpoint, samePath } from '../bytes/index.ts'
import { allowedByFlags, inPrefixes } from './address-set.ts'
import { isFailed } from './path-table.ts'
import type { MobikePolicy } from './policy.ts'
import type { MobikeState } from './state.ts'
import type { LocalAddress } from './types.ts'

/** Every pair of one family that could be sent on, whatever policy prefers: peer's current endpoint first. */
export function sendablePaths(state: MobikeState): Path[] {
  const remotes = remoteEndpoints(state)
  return state.local.filter((local) => canSendFrom(state, local)).flatMap((local) => pairsOf(state, local, remotes))
}

/**
 * Candidate pairs in order of preference: cheapest local address first, then the peer endpoint in use, then configured and
 * announced ones in their order. Pairs lately failed or refused come last and only when `withFailed` is set.
 */
export function candidatePaths(policy: MobikePolicy, state: MobikeState, now: number, withFailed: boolean): Path[] {
  const { pinnedLocal, pinnedRemote } = policy.selection
  const remotes = remoteEndpoints(state).filter(({ address }) => pinnedRemote === undefined || address === pinnedRemote)
  const paths = state.local
    .filter((local) => canSendFrom(state, local) && allowedByFlags(policy, local))
    .filter(({ address }) => pinnedLocal === undefined || address === pinnedLocal)
    .sort((a, b) => (a.cost ?? 0) - (b.cost ?? 0))
    .flatMap((local) => pairsOf(state, local, remotes))
  const fresh = paths.filter((path) => !isFailed(state, path, now))
  const failed = withFailed ? paths.filter((path) => isFailed(state, path, now)) : []
  return [...fresh, ...failed].slice(0, policy.probing.maxPairs)
}

/** Candidates whose local address costs less than the current one, best first; `withFailed` as in `candidatePaths`. */
export function betterPaths(policy: MobikePolicy, state: MobikeState, now: number, withFailed: boolean): Path[] {
  if (policy.selection.mode === 'stay') return []
  const current = costOf(state, state.ikePath.local.address)
  return candidatePaths(policy, state, now, withFailed).filter((path) => costOf(state, path.local.address) < current)
}

/** True while packets can leave from the local end of `path`. Flags do not matter: what is in use stays in use. */
export function isLocalUsable(state: MobikeState, path: Path): boolean {
  return state.local.some((local) => local.address === path.local.address && canSendFrom(state, local))
}

function costOf(state: MobikeState, address: IpAddress): number {
  return state.local.find((local) => local.address === address)?.cost ?? 0
}

function canSendFrom(state: MobikeState, local: LocalAddress): boolean {
  return local.routable !== false && !inPrefixes(local.address, state.excluded)
}

/** Pairs of unlike families are never formed (RFC 4621 section 5.1.2). */
function pairsOf(state: MobikeState, local: LocalAddress, remotes: readonly Endpoint[]): Path[] {
  const end = { address: local.address, port: state.localPort }
  return remotes
    .filter((remote) => ipFamily(remote.address) === ipFamily(local.address))
    .map((remote) => ({ local: end, remote }))
}

function remoteEndpoints(state: MobikeState): Endpoint[] {
  const configured = state.remoteCandidates.map(({ address, port }) => ({
    address,
    // RFC 4555 section 3.3: with NAT traversal on both sides the IKE SA lives on the NAT traversal port.
    port: state.natTraversal && port === state.ports.ike ? state.ports.natTraversal : port
  }))
  const announced = state.peerAddresses.map((address) => ({ address, port: state.remotePort }))
  const endpoints: Endpoint[] = [state.ikePath.remote]
  for (const end of [...(state.role === 'initiator' ? configured : []), ...announced]) {
    const known = endpoints.some((other) => sameEndpoint(other, end))
    // The port of an announced address is a guess: a known endpoint of that address goes before it.
    const guessed = endpoints.some((other) => other.address === end.address) && announced.includes(end)
    // What is ours as well (both ends may have the same private address) only leads back here.
    const own = state.local.some(({ address }) => address === end.address)
    if (!known && !guessed && !own && !inPrefixes(end.address, state.excluded)) endpoints.push(end)
  }
  return endpoints
}

/** `paths` without `path`. */
export function without(paths: readonly Path[], path: Path): Path[] {
  return paths.filter((other) => !samePath(other, path))
}
