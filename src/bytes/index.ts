export { type Endpoint, endpoint, endpointText, type Path, pathText, sameEndpoint, samePath } from './endpoint.ts'
export { fromHex, toHex } from './hex.ts'
export {
  canonicalIpAddress,
  type IpAddress,
  type IpFamily,
  ipAddressBytes,
  ipAddressText,
  ipFamily,
  sendableAddressBytes
} from './ip-address.ts'
export {
  compareBytes,
  concatBytes,
  constantTimeEqual,
  EMPTY,
  equalBytes,
  readUint16,
  readUint32,
  uint32Bytes,
  utf8Bytes,
  utf8Text,
  writeUint16,
  writeUint32
} from './octets.ts'
