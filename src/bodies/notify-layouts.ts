import type { Forms } from './layout.ts'

/** What a Notify payload of one type carries. */
export interface NotifyLayout {
  /** Where it is specified. */
  readonly reference: string
  /** Set when Protocol ID and SPI name a Child SA; zero and empty otherwise (RFC 7296 section 3.10). */
  readonly childSa?: true
  /** Protocol ID that goes with no SPI where the type's RFC wants another than 0. Read is any. */
  readonly protocol?: number
  /** The Notification Data. A type that has none is read as such whatever its data. */
  readonly forms: Forms
}

const layouts = {
  UNSUPPORTED_CRITICAL_PAYLOAD: {
    reference: 'RFC 7296 section 2.5',
    forms: [[{ is: 'number', name: 'payloadType', octets: 1, registry: 'payload' }]]
  },
  INVALID_IKE_SPI: { reference: 'RFC 7296 section 2.21', forms: [[]] },
  INVALID_MAJOR_VERSION: {
    reference: 'RFC 7296 section 2.5',
    // The one-way message of section 1.5 has no data; section 2.5 has the version in it.
    forms: [[], [{ is: 'number', name: 'version', octets: 1, most: 15 }]]
  },
  INVALID_SYNTAX: { reference: 'RFC 7296 section 3.10.1', forms: [[]] },
  INVALID_MESSAGE_ID: {
    reference: 'RFC 7296 section 2.3',
    forms: [[{ is: 'number', name: 'messageId', octets: 4 }]]
  },
  INVALID_SPI: { reference: 'RFC 7296 section 1.5', forms: [[{ is: 'octets', name: 'invalidSpi', least: 1 }]] },
  NO_PROPOSAL_CHOSEN: { reference: 'RFC 7296 section 2.7', forms: [[]] },
  INVALID_KE_PAYLOAD: {
    reference: 'RFC 7296 section 1.3',
    forms: [[{ is: 'number', name: 'method', octets: 2, registry: 'keyExchangeMethod' }]]
  },
  AUTHENTICATION_FAILED: { reference: 'RFC 7296 section 2.21.2', forms: [[]] },
  SINGLE_PAIR_REQUIRED: { reference: 'RFC 7296 section 2.9', forms: [[]] },
  NO_ADDITIONAL_SAS: { reference: 'RFC 7296 section 1.3', forms: [[]] },
  INTERNAL_ADDRESS_FAILURE: { reference: 'RFC 7296 section 3.15.4', forms: [[]] },
  FAILED_CP_REQUIRED: { reference: 'RFC 7296 section 2.19', forms: [[]] },
  TS_UNACCEPTABLE: { reference: 'RFC 7296 section 2.9', forms: [[]] },
  INVALID_SELECTORS: {
    reference: 'RFC 7296 section 3.10.1',
    childSa: true,
    forms: [[{ is: 'octets', name: 'packetStart' }]]
  },
  UNACCEPTABLE_ADDRESSES: { reference: 'RFC 4555 section 4.1.1', forms: [[]] },
  UNEXPECTED_NAT_DETECTED: { reference: 'RFC 4555 section 4.1.2', forms: [[]] },
  USE_ASSIGNED_HoA: { reference: 'RFC 5026 section 5.3.2', forms: [[]] },
  TEMPORARY_FAILURE: { reference: 'RFC 7296 section 2.25', forms: [[]] },
  CHILD_SA_NOT_FOUND: { reference: 'RFC 7296 section 2.25', childSa: true, forms: [[]] },
  INVALID_GROUP_ID: { reference: 'RFC 9838', forms: [[]] },
  AUTHORIZATION_FAILED: { reference: 'RFC 9838', forms: [[]] },
  STATE_NOT_FOUND: { reference: 'RFC 9370', forms: [[]] },
  TS_MAX_QUEUE: { reference: 'RFC 9611', forms: [[]] },
  REGISTRATION_FAILED: { reference: 'RFC 9838', forms: [[]] },
  INITIAL_CONTACT: { reference: 'RFC 7296 section 2.4', forms: [[]] },
  SET_WINDOW_SIZE: {
    reference: 'RFC 7296 section 2.3',
    forms: [[{ is: 'number', name: 'size', octets: 4, least: 1 }]]
  },
  ADDITIONAL_TS_POSSIBLE: { reference: 'RFC 7296 section 2.9', forms: [[]] },
  IPCOMP_SUPPORTED: {
    reference: 'RFC 7296 section 2.22',
    forms: [
      [
        { is: 'number', name: 'cpi', octets: 2 },
        { is: 'number', name: 'transform', octets: 1, registry: 'ipcompTransform' },
        { is: 'octets', name: 'attributes' }
      ]
    ]
  },
  NAT_DETECTION_SOURCE_IP: { reference: 'RFC 7296 section 2.23', forms: [[{ is: 'octets', name: 'hash', size: 20 }]] },
  NAT_DETECTION_DESTINATION_IP: {
    reference: 'RFC 7296 section 2.23',
    forms: [[{ is: 'octets', name: 'hash', size: 20 }]]
  },
  COOKIE: { reference: 'RFC 7296 section 2.6', forms: [[{ is: 'octets', name: 'cookie', least: 1, most: 64 }]] },
  USE_TRANSPORT_MODE: { reference: 'RFC 7296 section 1.3.1', forms: [[]] },
  HTTP_CERT_LOOKUP_SUPPORTED: { reference: 'RFC 7296 section 3.6', forms: [[]] },
  REKEY_SA: { reference: 'RFC 7296 section 1.3.3', childSa: true, forms: [[]] },
  ESP_TFC_PADDING_NOT_SUPPORTED: { reference: 'RFC 7296 section 1.3.1', forms: [[]] },
  NON_FIRST_FRAGMENTS_ALSO: { reference: 'RFC 7296 section 1.3.1', forms: [[]] },
  MOBIKE_SUPPORTED: { reference: 'RFC 4555 section 4.2.1', forms: [[]] },
  ADDITIONAL_IP4_ADDRESS: { reference: 'RFC 4555 section 4.2.2', forms: [[{ is: 'ip4', name: 'address' }]] },
  ADDITIONAL_IP6_ADDRESS: { reference: 'RFC 4555 section 4.2.2', forms: [[{ is: 'ip6', name: 'address' }]] },
  NO_ADDITIONAL_ADDRESSES: { reference: 'RFC 4555 section 4.2.3', forms: [[]] },
  UPDATE_SA_ADDRESSES: { reference: 'RFC 4555 section 4.2.4', forms: [[]] },
  COOKIE2: { reference: 'RFC 4555 section 4.2.5', forms: [[{ is: 'octets', name: 'cookie', least: 8, most: 64 }]] },
  NO_NATS_ALLOWED: {
    reference: 'RFC 4555 section 4.2.6',
    forms: [
      [
        { is: 'ip4', name: 'sourceAddress' },
        { is: 'ip4', name: 'destinationAddress' },
        { is: 'number', name: 'sourcePort', octets: 2 },
        { is: 'number', name: 'destinationPort', octets: 2 }
      ],
      [
        { is: 'ip6', name: 'sourceAddress' },
        { is: 'ip6', name: 'destinationAddress' },
        { is: 'number', name: 'sourcePort', octets: 2 },
        { is: 'number', name: 'destinationPort', octets: 2 }
      ]
    ]
  },
  AUTH_LIFETIME: {
    reference: 'RFC 4478 section 3',
    forms: [[{ is: 'number', name: 'lifetime', octets: 4, unit: 'seconds' }]]
  },
  MULTIPLE_AUTH_SUPPORTED: { reference: 'RFC 4739 section 3.1', forms: [[]] },
  ANOTHER_AUTH_FOLLOWS: { reference: 'RFC 4739 section 3.2', forms: [[]] },
  REDIRECT_SUPPORTED: { reference: 'RFC 5685 section 9.1', forms: [[]] },
  REDIRECT: {
    reference: 'RFC 5685 section 9.2',
    forms: [
      [{ is: 'gateway', name: 'gateway' }],
      [
        { is: 'gateway', name: 'gateway' },
        { is: 'octets', name: 'nonce', least: 16, most: 256 }
      ]
    ]
  },
  REDIRECTED_FROM: {
    reference: 'RFC 5685 section 9.3',
    forms: [[{ is: 'gateway', name: 'gateway', types: [1, 2] }]]
  },
  TICKET_LT_OPAQUE: {
    reference: 'RFC 5723 section 7.1',
    forms: [
      [
        { is: 'number', name: 'lifetime', octets: 4, unit: 'seconds' },
        { is: 'octets', name: 'ticket', least: 1 }
      ]
    ]
  },
  TICKET_REQUEST: { reference: 'RFC 5723 section 4.1', forms: [[]] },
  TICKET_ACK: { reference: 'RFC 5723 section 4.1', forms: [[]] },
  TICKET_NACK: { reference: 'RFC 5723 section 4.1', forms: [[]] },
  TICKET_OPAQUE: { reference: 'RFC 5723 section 7.2', forms: [[{ is: 'octets', name: 'ticket', least: 1 }]] },
  LINK_ID: { reference: 'RFC 5739 section 5.3', forms: [[{ is: 'octets', name: 'linkId' }]] },
  USE_WESP_MODE: { reference: 'RFC 5840 section 2.3', forms: [[]] },
  ROHC_SUPPORTED: {
    reference: 'RFC 5857 section 3.1',
    forms: [
      [
        {
          is: 'attributes',
          name: 'attributes',
          least: 3,
          registry: 'rohcAttribute',
          // MAX_CID, ROHC_PROFILE, ROHC_INTEG, ROHC_ICV_LEN, MRRU: all with Attribute Format 1 (section 3.1.2).
          rules: [
            { type: 1, least: 1, most: 1, highest: 16383 },
            { type: 2, least: 1 },
            { type: 3, least: 1 },
            { type: 4, most: 1 },
            { type: 5, most: 1 }
          ]
        }
      ]
    ]
  },
  EAP_ONLY_AUTHENTICATION: { reference: 'RFC 5998 section 3', forms: [[]] },
  CHILDLESS_IKEV2_SUPPORTED: { reference: 'RFC 6023 section 4', protocol: 1, forms: [[]] },
  QUICK_CRASH_DETECTION: {
    reference: 'RFC 6290 section 4.1',
    protocol: 1,
    forms: [[{ is: 'octets', name: 'token', least: 16, most: 128 }]]
  },
  IKEV2_MESSAGE_ID_SYNC_SUPPORTED: { reference: 'RFC 6311 section 6.1', forms: [[]] },
  IPSEC_REPLAY_COUNTER_SYNC_SUPPORTED: { reference: 'RFC 6311 section 6.2', forms: [[]] },
  IKEV2_MESSAGE_ID_SYNC: {
    reference: 'RFC 6311 section 6.3',
    forms: [
      [
        { is: 'octets', name: 'nonce', size: 4 },
        { is: 'number', name: 'expectedSendMessageId', octets: 4 },
        { is: 'number', name: 'expectedReceiveMessageId', octets: 4 }
      ]
    ]
  },
  IPSEC_REPLAY_COUNTER_SYNC: {
    reference: 'RFC 6311 section 6.4',
    forms: [[{ is: 'octets', name: 'delta', size: 4 }], [{ is: 'octets', name: 'delta', size: 8 }]]
  },
  SECURE_PASSWORD_METHODS: {
    reference: 'RFC 6467 section 2',
    forms: [[{ is: 'numbers', name: 'methods', octets: 2, least: 1, registry: 'securePasswordMethod' }]]
  },
  PSK_PERSIST: { reference: 'RFC 6631 section 5.3', forms: [[]] },
  PSK_CONFIRM: { reference: 'RFC 6631 section 5.4', forms: [[]] },
  ERX_SUPPORTED: { reference: 'RFC 6867 section 4', forms: [[{ is: 'text', name: 'domain' }]] },
  IFOM_CAPABILITY: { reference: '3GPP TS 24.303 annex B.2', forms: [[{ is: 'octets', name: 'content' }]] },
  GROUP_SENDER: { reference: 'RFC 9838', forms: [[{ is: 'octets', name: 'content' }]] },
  IKEV2_FRAGMENTATION_SUPPORTED: { reference: 'RFC 7383 section 2.3', forms: [[]] },
  SIGNATURE_HASH_ALGORITHMS: {
    reference: 'RFC 7427 section 4',
    forms: [[{ is: 'numbers', name: 'algorithms', octets: 2, registry: 'hashAlgorithm' }]]
  },
  CLONE_IKE_SA_SUPPORTED: { reference: 'RFC 7791 section 6', forms: [[]] },
  CLONE_IKE_SA: { reference: 'RFC 7791 section 6', forms: [[]] },
  PUZZLE: {
    reference: 'RFC 8019 section 8.1',
    forms: [
      [
        { is: 'number', name: 'prf', octets: 2, registry: 'prf' },
        { is: 'number', name: 'difficulty', octets: 1, unit: 'bits' }
      ]
    ]
  },
  USE_PPK: { reference: 'RFC 8784 section 3', forms: [[]] },
  PPK_IDENTITY: {
    reference: 'RFC 8784 section 5.1',
    forms: [
      [],
      [
        { is: 'number', name: 'identityType', octets: 1, registry: 'ppkIdentityType' },
        { is: 'octets', name: 'identity' }
      ]
    ]
  },
  NO_PPK_AUTH: { reference: 'RFC 8784 section 3', forms: [[{ is: 'octets', name: 'authenticationData', least: 1 }]] },
  INTERMEDIATE_EXCHANGE_SUPPORTED: { reference: 'RFC 9242 section 3.1', forms: [[]] },
  IP4_ALLOWED: { reference: 'RFC 8983 section 5', forms: [[]] },
  IP6_ALLOWED: { reference: 'RFC 8983 section 5', forms: [[]] },
  ADDITIONAL_KEY_EXCHANGE: {
    reference: 'RFC 9370 section 2.2.4',
    forms: [[{ is: 'octets', name: 'link', least: 1 }]]
  },
  USE_AGGFRAG: { reference: 'RFC 9347 section 6.1.4', forms: [[{ is: 'number', name: 'flags', octets: 1 }]] },
  SUPPORTED_AUTH_METHODS: {
    reference: 'RFC 9593 section 3.2',
    forms: [
      [
        {
          is: 'records',
          name: 'announcements',
          forms: [
            [{ is: 'number', name: 'method', octets: 1, registry: 'authMethod' }],
            [
              { is: 'number', name: 'method', octets: 1, registry: 'authMethod' },
              { is: 'number', name: 'certificateLink', octets: 1 }
            ],
            [
              { is: 'number', name: 'method', octets: 1, registry: 'authMethod' },
              { is: 'number', name: 'certificateLink', octets: 1 },
              { is: 'octets', name: 'algorithmIdentifier', least: 1, der: 'AlgorithmIdentifier' }
            ]
          ]
        }
      ]
    ]
  },
  SA_RESOURCE_INFO: { reference: 'RFC 9611', forms: [[{ is: 'octets', name: 'resource' }]] },
  USE_PPK_INT: { reference: 'RFC 9867', forms: [[]] },
  PPK_IDENTITY_KEY: {
    reference: 'RFC 9867',
    forms: [
      [
        { is: 'number', name: 'identityType', octets: 1, registry: 'ppkIdentityType' },
        { is: 'octets', name: 'identity', leave: 8 },
        { is: 'octets', name: 'confirmation', size: 8 }
      ]
    ]
  },
  USE_BEET_MODE: { reference: 'draft-ietf-ipsecme-ikev2-beet-mode section 2.1', forms: [[]] }
} as const

/** The Notification Data of every Notify Message Type of the IANA registry, by name. */
export const NOTIFY_LAYOUTS: typeof layouts = layouts
