import { type Path, samePath } from '../bytes/index.ts'
import { DEFAULT_MOBIKE_POLICY, initialPaths } from '../mobike/index.ts'
import { dropIkeSa } from './ike-sa-end.ts'
import { attemptsOf, pathOf, startAttempt } from './initiating.ts'
import { allExcluded } from './inner-addresses.ts'
import type { Attempts } from './state.ts'
import { enter, patch, report, type Turn, takePrivateKey } from './turn.ts'

/** Which pairs of addresses the initial exchanges are tried on: MOBIKE is in force only after them (RFC 4555 section 3.1). */

/** Starts IKE_SA_INIT on the best path, as soon as there is one. */
export function connect(turn: Turn, given: readonly Path[] | null): void {
  if (given?.length === 0) throw new RangeError('event.paths: at least one path is needed')
  begin(turn, { given, paths: given ?? formedPaths(turn), attempt: 0, natRefusals: 0 })
}

/**
 * The caller told of other addresses. An attempt on a pair that is still there goes on, and the next ones follow the new
 * list; one whose address is gone is over, however far it has come: nothing can be heard there any more.
 */
export function renewPaths(turn: Turn): void {
  const { phase } = turn.state
  if (phase.name === 'expectAddresses') {
    const paths = formedPaths(turn)
    if (paths.length > 0) begin(turn, { given: null, paths, attempt: 0, natRefusals: 0 })
    return
  }
  if (!('paths' in phase)) return
  const current = pathOf(phase)
  const paths = phase.given === null ? formedPaths(turn) : stillThere(turn, phase.given)
  const isIn = (list: readonly Path[], path: Path): boolean => list.some((other) => samePath(other, path))
  if (paths.length === phase.paths.length && paths.every((path) => isIn(phase.paths, path))) return
  if (isIn(paths, current)) {
    const others = paths.filter((path) => !samePath(path, current))
    return enter(turn, { ...phase, paths: [current, ...others], attempt: 0 })
  }
  if (phase.name === 'expectInitResponse') takePrivateKey(turn, phase.exchange)
  for (const { id } of turn.state.ikeSas) dropIkeSa(turn, id)
  turn.secrets = { ...turn.secrets, preSharedKey: null }
  patch(turn, { path: null, initPath: null, nat: { traversal: false, observation: null } })
  begin(turn, { ...attemptsOf(phase), paths, attempt: 0 })
}

function begin(turn: Turn, attempts: Attempts): void {
  if (attempts.paths.length > 0) return startAttempt(turn, attempts, 0, null)
  enter(turn, { name: 'expectAddresses' })
  report(turn, { kind: 'mobike', report: { kind: 'noPath' } })
}

function formedPaths(turn: Turn): readonly Path[] {
  const policy = turn.config.mobike ?? DEFAULT_MOBIKE_POLICY
  return initialPaths(policy, { ...turn.state.surroundings, excludedPrefixes: allExcluded(turn) }, turn.config.ports)
}

/** The caller's paths that can still be sent on, or all where its own list of addresses has none of them. */
function stillThere(turn: Turn, given: readonly Path[]): readonly Path[] {
  const { localAddresses } = turn.state.surroundings
  const left = given.filter(({ local }) =>
    localAddresses.some(({ address, routable }) => address === local.address && routable !== false)
  )
  return left.length > 0 ? left : given
}
