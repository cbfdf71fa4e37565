import { enqueue } from './tasks.ts'
import { ikeSaById, patch, putIkeSa, type Turn, takePrivateKey } from './turn.ts'

/** The end of an IKE SA whose lineage goes on (RFC 7296 sections 2.8, 2.8.2). */

/**
 * Its outstanding requests will not be answered any more: their private keys go, and what is still to be done is queued
 * for the IKE SA that took its place. MOBIKE builds its own requests anew; a rekey is forgotten (section 2.25.2, B193).
 */
export function releaseRequests(turn: Turn, id: number): void {
  const sa = ikeSaById(turn.state, id)
  if (sa === undefined) return
  for (const { purpose } of sa.requests.outstanding) {
    if (purpose.kind === 'createChild' || purpose.kind === 'rekeyIke') takePrivateKey(turn, purpose.exchange)
    if (purpose.kind === 'createChild') patch(turn, { tasks: [...turn.state.tasks, purpose.task] })
    if (purpose.kind === 'deleteChild') enqueue(turn, purpose)
    if (purpose.kind === 'deleteIke' && purpose.reason !== null) {
      enqueue(turn, { kind: 'closeIke', reason: purpose.reason })
    }
  }
  putIkeSa(turn, { ...sa, requests: { ...sa.requests, outstanding: [] } })
}

/** Forgets an IKE SA and its keys (RFC 7296 section 2.12). */
export function dropIkeSa(turn: Turn, id: number): void {
  releaseRequests(turn, id)
  const { [id]: _, ...ikeKeys } = turn.secrets.ikeKeys
  turn.secrets = { ...turn.secrets, ikeKeys }
  patch(turn, { ikeSas: turn.state.ikeSas.filter((sa) => sa.id !== id) })
}
