export {
  type AuthenticFragment,
  addFragment,
  type FragmentDefect,
  type FragmentNumbers,
  type FragmentOutcome,
  fragmentDefect,
  REASSEMBLY_LIMITS,
  type Reassembly
} from './reassembly.ts'
export {
  canRequest,
  createRequestWindow,
  growWindow,
  LAST_MESSAGE_ID,
  nextRetransmission,
  recordRequest,
  replaceRecord,
  restarted,
  retransmitted,
  sentOn,
  suspendAll,
  takeAnswered
} from './request-window.ts'
export { classifyRequest, createResponseCache, type RequestClass, recordResponse } from './response-cache.ts'
export type { CachedResponse, RequestRecord, RequestWindow, ResponseCache, RetransmissionPolicy } from './types.ts'
