export { body, configurationBody, dataBody, notifyBody } from './bodies.ts'
export { BOUNDARIES, type Boundary, boundaryMessage, boundaryPayload } from './boundary.ts'
export { conformingMessage, type FormFilter, type PlainMessage } from './conforming.ts'
export { header, innerPayloads, message, outerPayloads } from './messages.ts'
export { DEFECTS, type NearValid, nearValid, nearValidNotify } from './near-valid.ts'
export { MESSAGE_RULES, type NonConformingMessage, nonConformingMessage } from './non-conforming.ts'
export {
  configurationAttribute,
  notifyPayload,
  PAYLOAD_KINDS,
  type PayloadKind,
  type PayloadOf,
  payload
} from './payloads.ts'
export { childProposals, ikeProposals, proposals } from './security-association.ts'
