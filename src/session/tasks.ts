import { readUint32 } from '../bytes/index.ts'
import type { Task, TaskKind } from './state.ts'
import { patch, random, report, type Turn } from './turn.ts'
import type { SessionEvent } from './types.ts'

/**
 * Queues work for the window; the same work is not queued twice. What callers ask for is bounded by a limit, what the
 * session does of its own by the number of its SAs.
 */
export function enqueue(turn: Turn, kind: TaskKind, event?: SessionEvent['type']): void {
  const { tasks } = turn.state
  if (tasks.some((task) => sameTask(task, kind))) return
  if (event !== undefined && tasks.length >= turn.config.limits.tasks) {
    return report(turn, { kind: 'eventIgnored', event, reason: 'too many requests are waiting' })
  }
  patch(turn, { tasks: [...tasks, { ...kind, notBefore: turn.now, failingSince: null }] })
}

/**
 * TEMPORARY_FAILURE: waits and tries again, but not for ever: a peer that cannot for minutes has lost its state
 * (RFC 7296 section 2.25, B196, B197).
 */
export function postpone(turn: Turn, task: Task): void {
  const { temporaryFailureRetryMs, temporaryFailureLimitMs } = turn.config.limits
  // Silence until the answer is no refusal.
  const silence = turn.now - task.notBefore
  const failingSince = task.failingSince === null ? turn.now : task.failingSince + silence
  if (turn.now - failingSince >= temporaryFailureLimitMs) {
    return enqueue(turn, { kind: 'closeIke', reason: 'rekeyFailed' })
  }
  // Two peers that refuse each other would do so again and again if both waited equally long.
  const wait = temporaryFailureRetryMs * (1 + readUint32(random(turn, 'retry', 4), 0) / 0xffffffff)
  const again: Task = { ...task, failingSince, notBefore: turn.now + wait }
  patch(turn, { tasks: [...turn.state.tasks, again] })
}

function sameTask(task: Task, kind: TaskKind): boolean {
  if (task.kind !== kind.kind) return false
  if ('id' in task && 'id' in kind) return task.id === kind.id
  return task.kind !== 'createChild'
}
