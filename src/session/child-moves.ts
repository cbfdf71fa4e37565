import type { Path } from '../bytes/index.ts'
import { deleteChild } from './children.ts'
import type { Child } from './state.ts'
import { enqueue } from './tasks.ts'
import { putChild, type Turn } from './turn.ts'
import type { SelectorsAtEndpoint } from './types.ts'

/**
 * Has the host migrate all Child SAs together (RFC 4555 section 3.5, A065), the newest last (F34). False when there is none
 * to migrate: nothing is asked then, and nothing will be answered.
 */
export function moveChildren(turn: Turn, from: Path, to: Path, encapsulate: boolean): boolean {
  const children = movable(turn)
  if (children.length === 0) return false
  const selectorsAtEndpoint = children.flatMap((child) => selectorsLeft(child, from, to))
  const ids = children.map(({ sa }) => sa.id)
  turn.actions.push({ type: 'moveChildSas', ids, from, to, encapsulate, selectorsAtEndpoint })
  return true
}

/** Those of `ids` that the session still has; undefined when they are all that were to be migrated. */
export function failedOf(turn: Turn, ids: readonly number[]): readonly number[] | undefined {
  const children = movable(turn)
  const failed = children.filter(({ sa }) => ids.includes(sa.id)).map(({ sa }) => sa.id)
  return failed.length > 0 && failed.length === children.length ? undefined : failed
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

function selectorsLeft({ sa, selectsEndpoint }: Child, from: Path, to: Path): readonly SelectorsAtEndpoint[] {
  const sides = (['local', 'remote'] as const).filter(
    (side) => selectsEndpoint[side] && from[side].address !== to[side].address
  )
  return sides.map((side) => ({ id: sa.id, side }))
}
