export { body, configurationBody, dataBody, notifyBody } from './bodies.ts'
export { header, innerPayloads, message, outerPayloads } from './messages.ts'
export {
  configurationAttribute,
  notifyPayload,
  PAYLOAD_KINDS,
  type PayloadKind,
  type PayloadOf,
  payload
} from './payloads.ts'
export { childProposals, ikeProposals, proposals } from './security-association.ts'
