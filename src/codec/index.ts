export { CODEC_LIMITS } from './limits.ts'
export {
  decodeMessage,
  type EncryptedFrame,
  encodeMessage,
  encryptedFragmentFrame,
  encryptedFrame,
  HEADER_OCTETS,
  type PeekedHeader,
  peekHeader,
  writeHeader
} from './message.ts'
export { messageSummary, payloadNotation } from './message-summary.ts'
export { notify } from './notify.ts'
export { isErrorNotify, NOTIFY, notifyName } from './notify-types.ts'
export { decodePayloads, GENERIC_HEADER_OCTETS, payloadType } from './payload-chain.ts'
export { encodePayloadBody, encodePayloads, writeGenericHeader } from './payload-encoding.ts'
export {
  AUTH_METHOD,
  CERTIFICATE_ENCODING,
  CONFIGURATION_ATTRIBUTE,
  CONFIGURATION_TYPE,
  EAP_CODE,
  ENCRYPTION,
  ESN,
  EXCHANGE,
  GROUP_CONTROLLER_AUTHENTICATION,
  HASH_ALGORITHM,
  ID_TYPE,
  INTEGRITY,
  KEY_EXCHANGE_METHOD,
  KEY_WRAP,
  PAYLOAD,
  PRF,
  PROTOCOL,
  TRAFFIC_SELECTOR_TYPE,
  TRANSFORM_ATTRIBUTE,
  TRANSFORM_TYPE
} from './registry.ts'
export {
  encryptionName,
  exchangeName,
  integrityName,
  keyExchangeMethodName,
  payloadName,
  prfName
} from './registry-names.ts'
export type * from './types.ts'
export { classifyUdpDatagram, NON_ESP_MARKER, type UdpDatagramKind } from './udp.ts'
