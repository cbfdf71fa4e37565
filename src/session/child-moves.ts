import { ipAddressBytes, type Path } from '../bytes/index.ts'
import { copySelectors } from '../ike/index.ts'
import { deleteChild, isHost } from './children.ts'
import type { Child } from './state.ts'
import { enqueue } from './tasks.ts'
import { childById, putChild, type Turn } from './turn.ts'
import type { SelectorsAtEndpoint } from './types.ts'

/**
 * Has the host migrate all Child SAs together (RFC 4555 section 3.5, A065), the newest last (F34). False when there is none
 * to migrate: nothing is asked then, and nothing will be answered.
 */
export function moveChildren(turn: Turn, from: Path, to: Path, encapsulate: boolean): boolean {
  const children = movable(turn)
  if (children.length === 0) return false
  const selectorsAtEndpoint = children.flatMap((child) => selectorsLeft(child, to))
  const ids = children.map(({ sa }) => sa.id)
  turn.actions.push({ type: 'moveChildSas', ids, from, to, encapsulate, selectorsAtEndpoint })
  return true
}

/** The host rewrote selectors together with the addresses: they hold from now on, in a later rekey too (F29). */
export function rewriteSelectors(turn: Turn, rewritten: readonly SelectorsAtEndpoint[]): void {
  for (const { id, side, address, selectors } of rewritten) {
    const child = childById(turn.state, id)
    if (child === undefined) continue
    const sa = { ...child.sa, [SELECTORS[side]]: copySelectors(selectors) }
    putChild(turn, { ...child, sa, selectsEndpoint: { ...child.selectsEndpoint, [side]: address } })
  }
}

/**
 * Those of `ids` that the session still has; undefined when they are all that were to be migrated. A handle that was never
 * given names none in particular: a failure must not pass for success.
 */
export function failedOf(turn: Turn, ids: readonly number[]): readonly number[] | undefined {
  const children = movable(turn)
  const failed = children.filter(({ sa }) => ids.includes(sa.id)).map(({ sa }) => sa.id)
  if (failed.length > 0) return failed.length === children.length ? undefined : failed
  const { nextId } = turn.state
  return ids.every((id) => Number.isInteger(id) && id > 0 && id < nextId) ? failed : undefined
}

/** Replaces Child SAs, all without `ids`, that the host could not migrate: what is made anew is where the IKE SA is (F68). */
export function renewChildren(turn: Turn, ids?: readonly number[]): void {
  for (const child of movable(turn)) {
    if (ids?.includes(child.sa.id) === false) continue
    putChild(turn, { ...child, stranded: true })
    enqueue(turn, { kind: 'rekeyChild', id: child.sa.id, group: null })
  }
}

/** A stranded Child SA was not replaced. It is of no use here, and the peer must not go on sending into it (F61). */
export function giveUpStranded(turn: Turn, child: Child): void {
  deleteChild(turn, child)
  if (turn.state.children.every(({ closing }) => closing)) {
    enqueue(turn, { kind: 'closeIke', reason: 'migrationFailed' })
  }
}

function movable(turn: Turn): readonly Child[] {
  return turn.state.children.filter(({ stranded }) => !stranded)
}

/** Selectors that name the address of an end which is not the one it goes to. */
function selectorsLeft({ sa, selectsEndpoint }: Child, to: Path): readonly SelectorsAtEndpoint[] {
  return (['local', 'remote'] as const).flatMap((side) => {
    const old = selectsEndpoint[side]
    const { address } = to[side]
    const octets = ipAddressBytes(address)
    if (old === null || old === address || octets === undefined) return []
    const type = octets.length === 4 ? 7 : 8
    const selectors = sa[SELECTORS[side]].map((selector) =>
      isHost(selector, old) ? ({ ...selector, type, startAddress: octets, endAddress: octets } as const) : selector
    )
    return [{ id: sa.id, side, address, selectors }]
  })
}

const SELECTORS = { local: 'localSelectors', remote: 'remoteSelectors' } as const
