import type { Message, Payload } from '../../src/codec/index.ts'

/** A message of these payloads, its header of no interest. */
export function messageOf(...payloads: readonly Payload[]): Message {
  return {
    initiatorSpi: new Uint8Array(8).fill(1),
    responderSpi: new Uint8Array(8),
    majorVersion: 2,
    minorVersion: 0,
    exchangeType: 34,
    fromInitiator: true,
    isResponse: false,
    messageId: 0,
    payloads
  }
}
