import fc, { type Arbitrary } from 'fast-check'
import { EXCHANGE, type MessageHeader, NOTIFY } from '../codec/index.ts'
import type { MessageForm } from '../rules/index.ts'
import { octets, uint32 } from './draw.ts'

type Drawn = Pick<MessageHeader, 'initiatorSpi' | 'responderSpi' | 'messageId' | 'fromInitiator'>

const noSpi: Arbitrary<Uint8Array> = /* @__PURE__ */ octets(8).map(() => new Uint8Array(8))
const spi: Arbitrary<Uint8Array> = /* @__PURE__ */ octets(8).filter((value) => value.some((octet) => octet !== 0))
/** IKE_AUTH and what comes before it are among the first requests of an IKE SA. */
const early: Arbitrary<number> = /* @__PURE__ */ fc.integer({ min: 1, max: 40 })

/** What the header of a message of that form says of its IKE SA, its place there and its sender. */
export function conformingHeader(form: MessageForm): Arbitrary<Drawn> {
  const { exchange, isResponse, name } = form
  switch (exchange) {
    case 0:
      // Meaningless in a request, whose Initiator flag is set; copied from the request in a response (section 1.5).
      return fc.record({
        initiatorSpi: octets(8),
        responderSpi: octets(8),
        messageId: uint32,
        fromInitiator: isResponse ? fc.boolean() : fc.constant(true)
      })
    case EXCHANGE.IKE_SA_INIT:
    case EXCHANGE.IKE_SESSION_RESUME: {
      // Message ID 0 (section 2.2); no responder SPI in a request, nor in an answer that makes no SA (sections 2.6, 3.1).
      const isMade = isResponse && (name === 'initial' || name === 'resume')
      return drawn(isMade ? spi : noSpi, fc.constant(0), fc.constant(!isResponse))
    }
    case EXCHANGE.IKE_INTERMEDIATE:
    case EXCHANGE.IKE_AUTH:
      return drawn(spi, early, fc.constant(!isResponse))
    default:
      // Either end asks, and counts its requests from 0; synchronization has Message ID 0 (RFC 6311 section 5.1).
      return drawn(spi, form.mark === -NOTIFY.IKEV2_MESSAGE_ID_SYNC ? fc.constant(0) : uint32, fc.boolean())
  }
}

function drawn(
  responderSpi: Arbitrary<Uint8Array>,
  messageId: Arbitrary<number>,
  fromInitiator: Arbitrary<boolean>
): Arbitrary<Drawn> {
  return fc.record({ initiatorSpi: spi, responderSpi, messageId, fromInitiator })
}
