export {
  CONFIGURATION_LAYOUTS,
  type ConfigurationBody,
  type ConfigurationLayout,
  type ConfigurationName,
  configurationLayout,
  decodeConfigurationAttribute,
  encodeConfigurationAttribute,
  type NamedConfiguration
} from './configuration-bodies.ts'
export type * from './layout.ts'
export {
  decodeNotify,
  encodeNotify,
  type NamedNotify,
  type NotifyBody,
  type NotifyName,
  notifyBody,
  notifyLayout
} from './notify-bodies.ts'
export { NOTIFY_LAYOUTS, type NotifyLayout } from './notify-layouts.ts'
export {
  DATA_LAYOUTS,
  type DataBody,
  type DataLayout,
  type DataPayload,
  dataLayout,
  decodeData,
  encodeData,
  type NamedData
} from './payload-bodies.ts'
export { decodeBody, type FieldReading, readFields } from './read-fields.ts'
export {
  EAP_TYPE,
  GATEWAY_IDENTITY_TYPE,
  IPCOMP_TRANSFORM,
  PPK_IDENTITY_TYPE,
  ROHC_ATTRIBUTE,
  registryName,
  SECURE_PASSWORD_METHOD
} from './registry.ts'
export { encodeBody } from './write-fields.ts'
