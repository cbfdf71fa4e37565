import { AUTH_METHOD, encodePayloadBody } from '../codec/index.ts'
import type { IdentificationPayload } from '../codec/types.ts'
import { ikeKeys, pskAuth, type Side, signedOctets, verifyPskAuth } from '../crypto/index.ts'
import { type AuthenticationClaim, type AuthenticationData, identificationPayload } from '../ike/index.ts'
import type { Handshake, IkeSa } from './state.ts'
import { ikeKeysOf, suiteOf, type Turn } from './turn.ts'

/** AUTH of a pre-shared key for either side (RFC 7296 section 2.15). */

/** Our own AUTH payload. */
export function ownAuthentication(turn: Turn, sa: IkeSa, handshake: Handshake, secret: Uint8Array): AuthenticationData {
  const side = sa.startedHere ? 'initiator' : 'responder'
  const identification = identificationPayload(side, turn.config.localIdentity)
  return {
    method: AUTH_METHOD.SHARED_KEY_MESSAGE_INTEGRITY_CODE,
    data: pskAuth({
      prf: suiteOf(turn.config, sa).prf,
      secret,
      signedOctets: octetsOf(turn, sa, handshake, side, identification)
    })
  }
}

/** True when the peer's AUTH payload proves that it holds the key, for the identity it claims. */
export function provesKey(
  turn: Turn,
  sa: IkeSa,
  handshake: Handshake,
  secret: Uint8Array,
  { identification, authentication }: AuthenticationClaim
): boolean {
  if (authentication.method !== AUTH_METHOD.SHARED_KEY_MESSAGE_INTEGRITY_CODE) return false
  return verifyPskAuth({
    prf: suiteOf(turn.config, sa).prf,
    secret,
    auth: authentication.data,
    signedOctets: octetsOf(turn, sa, handshake, sa.startedHere ? 'responder' : 'initiator', identification)
  })
}

/** What `signer` signs: its own IKE_SA_INIT message, the other's nonce, its identity under its SK_p. */
function octetsOf(
  turn: Turn,
  sa: IkeSa,
  handshake: Handshake,
  signer: Side,
  identification: IdentificationPayload
): Uint8Array {
  const suite = suiteOf(turn.config, sa)
  const keys = ikeKeys(suite, ikeKeysOf(turn.secrets, sa))
  const bySigner = signer === 'initiator'
  return signedOctets({
    message: bySigner ? handshake.initRequest : handshake.initResponse,
    nonce: bySigner ? handshake.nonceResponder : handshake.nonceInitiator,
    prf: suite.prf,
    skP: bySigner ? keys.pi : keys.pr,
    idBody: encodePayloadBody(identification)
  })
}
