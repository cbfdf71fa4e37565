export {
  type AuthenticationClaim,
  type AuthenticationData,
  authRequestPayloads,
  authResponsePayloads,
  identificationPayload,
  identityOf,
  readClaim,
  sameIdentity
} from './auth-exchange.ts'
export {
  agreedGroup,
  agreeToChild,
  type ChildAgreement,
  type ChildOffer,
  type ChildRefusal,
  type CreateChildRequest,
  createChildPayloads,
  createdChildPayloads,
  espNotify,
  publicValueOf,
  readChildOffer,
  readCreateChild,
  verifyChild
} from './child-exchange.ts'
export {
  configurationReply,
  configurationRequest,
  readConfigurationReply,
  readConfigurationRequest
} from './configuration.ts'
export {
  buildInitRefusal,
  buildInitRequest,
  buildInitResponse,
  type InitAnswer,
  type InitRequest,
  type PublicValue,
  readInitAnswer,
  readInitRequest,
  ZERO_SPI
} from './initial-exchange.ts'
export {
  type HeaderSpis,
  type NatObservation,
  natDetectionHashes,
  natDetectionPayloads,
  observeNat
} from './nat-detection.ts'
export {
  FIRST_STATUS_TYPE,
  findError,
  findNotify,
  findPayload,
  findPayloads,
  type PayloadOf,
  unsupportedCritical
} from './payloads.ts'
export {
  answerProposal,
  type Choice,
  childSuiteIds,
  chooseProposal,
  chosenGroup,
  findGroup,
  ikeSuiteIds,
  offerChild,
  offerIke,
  resolveChildSuite,
  resolveIkeSuite,
  verifyChoice
} from './proposals.ts'
export { type IkeRekeyRequest, ikeRekeyPayloads, readIkeRekey } from './rekey-exchange.ts'
export {
  addressSelector,
  copySelectors,
  isSubset,
  narrowSelectors,
  prefixSelector,
  sameSelectors
} from './traffic-selectors.ts'
export type {
  ChildProposal,
  ChildSa,
  ChildSaKeys,
  ChildSuiteIds,
  ConfigurationRequest,
  DirectionKeys,
  Identity,
  IkeProposal,
  IkeSuiteIds,
  InnerConfiguration
} from './types.ts'
