import type { Task, TaskKind } from './state.ts'
import { close, patch, report, type Turn } from './turn.ts'
import type { SessionEvent } from './types.ts'

/** Queues work for the window; the same work is not queued twice, and the queue is bounded. */
export function enqueue(turn: Turn, kind: TaskKind, event?: SessionEvent['type']): void {
  const { tasks } = turn.state
  if (tasks.some((task) => sameTask(task, kind))) return
  if (tasks.length >= turn.config.limits.tasks) {
    if (event !== undefined) report(turn, { kind: 'eventIgnored', event, reason: 'too many requests are waiting' })
    return
  }
  patch(turn, { tasks: [...tasks, { ...kind, notBefore: turn.now, failingSince: null }] })
}

/**
 * TEMPORARY_FAILURE: waits and tries again, but not for ever: a peer that cannot for minutes has lost its state
 * (RFC 7296 section 2.25, B196, B197).
 */
export function postpone(turn: Turn, task: Task): void {
  const { temporaryFailureRetryMs, temporaryFailureLimitMs } = turn.config.limits
  const failingSince = task.failingSince ?? turn.now
  if (turn.now - failingSince >= temporaryFailureLimitMs) return close(turn, 'rekeyFailed')
  const again: Task = { ...task, failingSince, notBefore: turn.now + temporaryFailureRetryMs }
  patch(turn, { tasks: [...turn.state.tasks, again] })
}

function sameTask(task: Task, kind: TaskKind): boolean {
  if (task.kind !== kind.kind) return false
  if ('id' in task && 'id' in kind) return task.id === kind.id
  return task.kind !== 'createChild'
}
