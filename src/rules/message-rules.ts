import { EXCHANGE, NOTIFY } from '../codec/index.ts'

/*
 * What a message of each exchange and direction may contain: RFC 7296 sections 1.2 to 1.5, 2.6, 2.16 and appendix C, and the
 * RFCs that add exchanges. Rows are written in the notation of appendix C and expanded once. Vendor ID payloads, Notify
 * payloads and payloads of unknown types may be anywhere (sections 2.5, 3.10.1, 3.12) unless a row says otherwise.
 */

/** How often a payload type occurs in a {@link MessageForm}. */
export interface PayloadRule {
  /** `PAYLOAD` */
  readonly type: number
  readonly least: number
  /** `Infinity` for any number. */
  readonly most: number
  /** True for types that occur all together or not at all (SA, TSi and TSr of a Child SA). */
  readonly together: boolean
}

/** How often a Notify type occurs in a {@link MessageForm}. */
export interface NotifyCount {
  /** {@link NOTIFY} */
  readonly type: number
  readonly least: number
  /** 0 where it must not occur. */
  readonly most: number
}

/** One shape that messages of an exchange and direction take. */
export interface MessageForm {
  /** `EXCHANGE`; 0 for any, which only the unprotected notification has (section 1.5). */
  readonly exchange: number
  readonly isResponse: boolean
  /** `'initial'`, `'cookie'`, `'rekeyChild'`, …: unique within the exchange and direction. */
  readonly name: string
  /** Section that defines it: of RFC 7296 where no RFC is named. */
  readonly section: string
  /**
   * True when all must be inside the Encrypted payload but Vendor ID payloads, payloads of unknown types and Notify payloads:
   * of those in the IANA registry only what {@link CLEAR_NOTIFY_RULES} has may be outside.
   */
  readonly isProtected: boolean
  /** What tells the form from those after it: a payload type, or `-` and a Notify type; 0 when nothing does. */
  readonly mark: number
  /** True when the mark is an SA payload that proposes an IKE SA. */
  readonly marksIkeSa: boolean
  /** Payload types not listed, other than Vendor ID, Notify and unknown ones, must not occur. */
  readonly payloads: readonly PayloadRule[]
  /** Notifications that must be there, or must not be in this form alone; {@link NOTIFY_RULES} has the rest. */
  readonly notifies: readonly NotifyCount[]
  /** True when at least one error notification must be there. */
  readonly needsError: boolean
  /** True when nothing may be there but the mark and what is listed: no Vendor ID, notification or unknown payload. */
  readonly isClosed: boolean
}

/** Where a Notify type may occur, for the types that their RFC restricts. Some have a row for either direction. */
export interface NotifyRule {
  /** {@link NOTIFY} */
  readonly type: number
  /** Pairs of `EXCHANGE`, 0 for any, and direction. */
  readonly places: readonly { readonly exchange: number; readonly isResponse: boolean }[]
  /** In one message. */
  readonly most: number
  /** Section that says so: of RFC 7296 where no RFC is named. */
  readonly section: string
}

/** Notifications that one message does not have both of. */
export interface NotifyExclusion {
  /** {@link NOTIFY} */
  readonly type: number
  readonly others: readonly number[]
  /** Section that says so: of RFC 7296 where no RFC is named. */
  readonly section: string
}

/** Short names of section 3.2 from type 33 on. */
const NAMES = 'SA KE IDi IDr CERT CERTREQ AUTH No N D V TSi TSr SK CP EAP'.split(' ')
const FIRST_TYPE = 33
const CHILD = 'SA& TSi& TSr&'
const NEW_CHILD = 'SA No KE? TSi TSr CP?'
const REFUSAL = 'refusal'
const { IKE_SA_INIT, IKE_AUTH, CREATE_CHILD_SA, INFORMATIONAL, IKE_SESSION_RESUME, IKE_INTERMEDIATE, IKE_FOLLOWUP_KE } =
  EXCHANGE

/**
 * Exchange, direction, name, section, mark, payloads. The first row whose mark is in the message applies. A suffix says how
 * often: `?` at most once, `*` any number, `&` with the others so marked or not at all, `-` never; `!` is an error
 * notification and `.` says that there is nothing else.
 */
const ROWS: readonly (readonly [number, 0 | 1, string, string, string | number, string])[] = [
  [IKE_SA_INIT, 0, 'initial', '1.2', 0, 'SA KE No'],
  [IKE_SA_INIT, 1, 'initial', '1.2', 'SA', 'SA KE No CERTREQ*'],
  [IKE_SA_INIT, 1, 'cookie', '2.6', -NOTIFY.COOKIE, ''],
  [IKE_SA_INIT, 1, 'redirect', 'RFC 5685 3', -NOTIFY.REDIRECT, ''],
  [IKE_SA_INIT, 1, REFUSAL, '2.21.1', 0, '!'],
  [IKE_AUTH, 0, 'first', '1.2', 'IDi', `IDi CERT* CERTREQ* IDr? AUTH? CP? ${CHILD}`],
  [IKE_AUTH, 0, 'eap', '2.16', 'EAP', 'EAP'],
  [IKE_AUTH, 0, 'last', '2.16', 0, 'AUTH'],
  // AUTH is missing beside EAP when both agreed on EAP alone (RFC 5998).
  [IKE_AUTH, 1, 'eap', '2.16', 'EAP', 'IDr? CERT* AUTH? EAP'],
  // CERTREQ: as RFC 6311 section 5 draws it.
  [IKE_AUTH, 1, 'first', '1.2', 'IDr', `IDr CERT* CERTREQ* AUTH CP? ${CHILD}`],
  [IKE_AUTH, 1, 'last', '2.16', 'AUTH', `AUTH CP? ${CHILD}`],
  [IKE_AUTH, 1, REFUSAL, '2.21.2', 0, '!'],
  [CREATE_CHILD_SA, 0, 'rekeyIke', '1.3.2', 'IKE', 'SA No KE REKEY_SA-'],
  [CREATE_CHILD_SA, 0, 'rekeyChild', '1.3.3', -NOTIFY.REKEY_SA, `${NEW_CHILD} CLONE_IKE_SA-`],
  [CREATE_CHILD_SA, 0, 'newChild', '1.3.1', 0, `${NEW_CHILD} CLONE_IKE_SA-`],
  [CREATE_CHILD_SA, 1, 'rekeyIke', '1.3.2', 'IKE', 'SA No KE'],
  [CREATE_CHILD_SA, 1, 'child', '1.3.1', 'SA', NEW_CHILD],
  [CREATE_CHILD_SA, 1, REFUSAL, '1.3', 0, '!'],
  [INFORMATIONAL, 0, 'messageIdSync', 'RFC 6311 5.1', -NOTIFY.IKEV2_MESSAGE_ID_SYNC, 'IPSEC_REPLAY_COUNTER_SYNC? .'],
  [INFORMATIONAL, 1, 'messageIdSync', 'RFC 6311 5.1', -NOTIFY.IKEV2_MESSAGE_ID_SYNC, '.'],
  [INFORMATIONAL, 0, 'informational', '1.4', 0, 'D* CP?'],
  [INFORMATIONAL, 1, 'informational', '1.4', 0, 'D* CP?'],
  [IKE_SESSION_RESUME, 0, 'resume', 'RFC 5723 4.3.2', 0, 'No TICKET_OPAQUE'],
  [IKE_SESSION_RESUME, 1, 'resume', 'RFC 5723 4.3.2', 'No', 'No'],
  [IKE_SESSION_RESUME, 1, 'cookie', 'RFC 5723 4.3.2', -NOTIFY.COOKIE, ''],
  [IKE_SESSION_RESUME, 1, 'ticketRefused', 'RFC 5723 4.3.2', -NOTIFY.TICKET_NACK, ''],
  [IKE_SESSION_RESUME, 1, REFUSAL, 'RFC 5723 4.3.2', 0, '!'],
  [IKE_INTERMEDIATE, 0, 'intermediate', 'RFC 9242 3.2', 0, 'KE?'],
  [IKE_INTERMEDIATE, 1, 'intermediate', 'RFC 9242 3.2', 0, 'KE?'],
  [IKE_FOLLOWUP_KE, 0, 'followUp', 'RFC 9370 2.2.4', 0, 'KE ADDITIONAL_KEY_EXCHANGE'],
  [IKE_FOLLOWUP_KE, 1, 'followUp', 'RFC 9370 2.2.4', 'KE', 'KE'],
  [IKE_FOLLOWUP_KE, 1, REFUSAL, 'RFC 9370 2.2.4', 0, '!'],
  // Exchange types of answers are those of the requests they answer.
  [0, 0, 'unprotectedNotify', '1.5', 0, 'N+'],
  [0, 1, 'unprotectedNotify', '2.21.4', 0, 'N+']
]

/** Exchanges that have letters in the places of notifications, x for any: small for a request, capital for a response. */
const LETTERS: Readonly<Record<string, number>> = {
  i: IKE_SA_INIT,
  a: IKE_AUTH,
  c: CREATE_CHILD_SA,
  f: INFORMATIONAL,
  r: IKE_SESSION_RESUME,
  m: IKE_INTERMEDIATE,
  k: IKE_FOLLOWUP_KE,
  x: 0
}

type NotifyRow = readonly [type: number, places: string, most: number, section: string]

const NOTIFY_ROWS: readonly NotifyRow[] = [
  [NOTIFY.INVALID_MESSAGE_ID, 'f', 1, '2.3'],
  [NOTIFY.INVALID_KE_PAYLOAD, 'IC', 1, '1.3'],
  [NOTIFY.UNACCEPTABLE_ADDRESSES, 'F', 1, 'RFC 4555 4.1.1'],
  [NOTIFY.UNEXPECTED_NAT_DETECTED, 'AF', 1, 'RFC 4555 4.1.2'],
  [NOTIFY.CHILD_SA_NOT_FOUND, 'C', 1, '2.25'],
  [NOTIFY.INITIAL_CONTACT, 'aA', 1, '2.4'],
  [NOTIFY.ADDITIONAL_TS_POSSIBLE, 'AC', 1, '2.9'],
  [NOTIFY.IPCOMP_SUPPORTED, 'ac', Infinity, '2.22'],
  [NOTIFY.IPCOMP_SUPPORTED, 'AC', 1, '2.22'],
  [NOTIFY.NAT_DETECTION_SOURCE_IP, 'iIfFrR', Infinity, '2.23'],
  [NOTIFY.NAT_DETECTION_DESTINATION_IP, 'iIfFrR', 1, '2.23'],
  [NOTIFY.COOKIE, 'iIrR', 1, '2.6'],
  [NOTIFY.USE_TRANSPORT_MODE, 'aAcC', 1, '1.3.1'],
  [NOTIFY.HTTP_CERT_LOOKUP_SUPPORTED, 'Iai', 1, '3.7'],
  [NOTIFY.REKEY_SA, 'c', 1, '1.3.3'],
  [NOTIFY.ESP_TFC_PADDING_NOT_SUPPORTED, 'aAcC', 1, '1.3.1'],
  [NOTIFY.NON_FIRST_FRAGMENTS_ALSO, 'aAcC', 1, '1.3.1'],
  [NOTIFY.MOBIKE_SUPPORTED, 'aA', 1, 'RFC 4555 4.2.1'],
  [NOTIFY.ADDITIONAL_IP4_ADDRESS, 'aAf', Infinity, 'RFC 4555 4.2.2'],
  [NOTIFY.ADDITIONAL_IP6_ADDRESS, 'aAf', Infinity, 'RFC 4555 4.2.2'],
  [NOTIFY.NO_ADDITIONAL_ADDRESSES, 'f', 1, 'RFC 4555 4.2.3'],
  [NOTIFY.UPDATE_SA_ADDRESSES, 'f', 1, 'RFC 4555 4.2.4'],
  [NOTIFY.COOKIE2, 'fF', 1, 'RFC 4555 4.2.5'],
  [NOTIFY.NO_NATS_ALLOWED, 'af', 1, 'RFC 4555 4.2.6'],
  [NOTIFY.REDIRECT_SUPPORTED, 'ir', 1, 'RFC 5685 3'],
  [NOTIFY.REDIRECT, 'IAf', 1, 'RFC 5685 9.2'],
  [NOTIFY.REDIRECTED_FROM, 'i', 1, 'RFC 5685 3'],
  [NOTIFY.TICKET_OPAQUE, 'r', 1, 'RFC 5723 4.3.2'],
  [NOTIFY.EAP_ONLY_AUTHENTICATION, 'a', 1, 'RFC 5998 3'],
  [NOTIFY.CHILDLESS_IKEV2_SUPPORTED, 'I', 1, 'RFC 6023 4'],
  [NOTIFY.IKEV2_MESSAGE_ID_SYNC_SUPPORTED, 'aA', 1, 'RFC 6311 6.1'],
  [NOTIFY.IPSEC_REPLAY_COUNTER_SYNC_SUPPORTED, 'aA', 1, 'RFC 6311 6.2'],
  [NOTIFY.IKEV2_MESSAGE_ID_SYNC, 'fF', 1, 'RFC 6311 5.1'],
  [NOTIFY.IPSEC_REPLAY_COUNTER_SYNC, 'f', 1, 'RFC 6311 5.2'],
  [NOTIFY.IKEV2_FRAGMENTATION_SUPPORTED, 'iI', 1, 'RFC 7383 2.3'],
  [NOTIFY.SIGNATURE_HASH_ALGORITHMS, 'iI', 1, 'RFC 7427 4'],
  [NOTIFY.CLONE_IKE_SA_SUPPORTED, 'aA', 1, 'RFC 7791 5.1'],
  [NOTIFY.CLONE_IKE_SA, 'c', 1, 'RFC 7791 5.2'],
  [NOTIFY.USE_PPK, 'iI', 1, 'RFC 8784 3'],
  [NOTIFY.PPK_IDENTITY, 'aA', 1, 'RFC 8784 3'],
  // Which of the offered keys the responder chose.
  [NOTIFY.PPK_IDENTITY, 'MC', 1, 'RFC 9867 3'],
  [NOTIFY.NO_PPK_AUTH, 'a', 1, 'RFC 8784 3'],
  [NOTIFY.INTERMEDIATE_EXCHANGE_SUPPORTED, 'iIrR', 1, 'RFC 9242 3.1'],
  [NOTIFY.ADDITIONAL_KEY_EXCHANGE, 'CkK', 1, 'RFC 9370 2.2.4']
]

/** A request for an unknown SA is answered so, and a newer major version; ESP for an unknown SA is told in a request. */
const CLEAR_ROWS: readonly NotifyRow[] = [
  [NOTIFY.INVALID_IKE_SPI, 'X', 1, '2.21.4'],
  [NOTIFY.INVALID_MAJOR_VERSION, 'X', 1, '2.5'],
  [NOTIFY.INVALID_SPI, 'f', 1, '1.5'],
  [NOTIFY.QUICK_CRASH_DETECTION, 'Xf', 4, 'RFC 6290 4.5']
]

/** The forms, in the order in which {@link messageForm} tries them. */
export const MESSAGE_FORMS: readonly MessageForm[] = /* @__PURE__ */ ROWS.map(
  ([exchange, isResponse, name, section, mark, content]) => {
    const tokens = content.split(' ').filter((token) => token !== '')
    const counted = tokens.filter((token) => token !== '!' && token !== '.').map(counts)
    return {
      exchange,
      isResponse: isResponse === 1,
      name,
      section,
      isProtected: exchange !== 0 && exchange !== IKE_SA_INIT && exchange !== IKE_SESSION_RESUME,
      mark: typeof mark === 'number' ? mark : mark === 'IKE' ? FIRST_TYPE : typeOf(mark),
      marksIkeSa: mark === 'IKE',
      payloads: counted.filter(({ token }) => NAMES.includes(token)).map(payloadRule),
      notifies: counted.filter(({ token }) => !NAMES.includes(token)).map(notifyCount),
      needsError: tokens.includes('!'),
      isClosed: tokens.includes('.')
    }
  }
)

/** Where restricted Notify types may occur. RFC 7296 section 3.10.1 lets any other status type be in any message. */
export const NOTIFY_RULES: readonly NotifyRule[] = /* @__PURE__ */ NOTIFY_ROWS.map(notifyRule)

/**
 * The notifications of the IANA registry that may be outside the Encrypted payload where an exchange is protected. What they
 * say is a hint and changes no state (RFC 7296 sections 1.5, 2.4, 2.21.4), a token that verifies aside (RFC 6290).
 */
export const CLEAR_NOTIFY_RULES: readonly NotifyRule[] = /* @__PURE__ */ CLEAR_ROWS.map(notifyRule)

/** Notifications that contradict each other. */
export const NOTIFY_EXCLUSIONS: readonly NotifyExclusion[] = [
  {
    type: NOTIFY.NO_ADDITIONAL_ADDRESSES,
    others: [NOTIFY.ADDITIONAL_IP4_ADDRESS, NOTIFY.ADDITIONAL_IP6_ADDRESS],
    section: 'RFC 4555 3.6'
  },
  // Three answers to one request for a ticket.
  { type: NOTIFY.TICKET_LT_OPAQUE, others: [NOTIFY.TICKET_NACK, NOTIFY.TICKET_ACK], section: 'RFC 5723 4.1' },
  { type: NOTIFY.TICKET_NACK, others: [NOTIFY.TICKET_ACK], section: 'RFC 5723 4.1' }
]

function notifyRule([type, places, most, section]: NotifyRow): NotifyRule {
  return {
    type,
    places: Array.from(places, (letter) => ({
      exchange: LETTERS[letter.toLowerCase()] as number,
      isResponse: letter < 'a'
    })),
    most,
    section
  }
}

interface Counted {
  readonly token: string
  readonly suffix: string
  readonly least: number
  readonly most: number
}

function counts(text: string): Counted {
  const [token] = text.split(/[?*&+-]/) as [string]
  const suffix = text.slice(token.length)
  return {
    token,
    suffix,
    least: suffix === '' || suffix === '+' ? 1 : 0,
    most: suffix === '-' ? 0 : suffix === '*' || suffix === '+' ? Infinity : 1
  }
}

function payloadRule({ token, suffix, least, most }: Counted): PayloadRule {
  return { type: typeOf(token), least, most, together: suffix === '&' }
}

function notifyCount({ token, least, most }: Counted): NotifyCount {
  return { type: NOTIFY[token as keyof typeof NOTIFY], least, most }
}

function typeOf(name: string): number {
  return FIRST_TYPE + NAMES.indexOf(name)
}
