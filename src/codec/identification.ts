import { Malformed } from './malformed.ts'
import { checkNumber, checkOctets, checkReserved, MAXIMUM_BODY, putOctets, putReserved, view } from './octet-fields.ts'
import type {
  AuthenticationPayload,
  CertificatePayload,
  CertificateRequestPayload,
  IdentificationPayload
} from './types.ts'

/** IDi or IDr payload body (section 3.5). */
export function decodeIdentification(
  kind: IdentificationPayload['kind'],
  bytes: Uint8Array,
  start: number,
  end: number
): IdentificationPayload | Malformed {
  if (end - start < 4) return new Malformed('truncated', start, end - start)
  const idType = bytes[start] as number
  const data = view(bytes, start + 4, end)
  const reserved =
    ((bytes[start + 1] as number) << 16) | ((bytes[start + 2] as number) << 8) | (bytes[start + 3] as number)
  return reserved === 0 ? { kind, idType, data } : { kind, idType, data, reserved }
}

/** Octets of the body; throws on values the format cannot hold. */
export function identificationLength({ kind, idType, data, reserved }: IdentificationPayload): number {
  checkNumber(idType, 0xff, kind, 'idType')
  checkOctets(data, MAXIMUM_BODY, kind, 'data')
  checkReserved(reserved, 0xffffff, kind)
  return 4 + data.length
}

/** Writes the body at `start` and returns the offset behind it. */
export function writeIdentification(out: Uint8Array, start: number, payload: IdentificationPayload): number {
  out[start] = payload.idType
  putReserved(out, start + 1, payload.reserved)
  return putOctets(out, start + 4, payload.data)
}

/** Authentication payload body (section 3.8). */
export function decodeAuthentication(bytes: Uint8Array, start: number, end: number): AuthenticationPayload | Malformed {
  if (end - start < 4) return new Malformed('truncated', start, end - start)
  return { kind: 'authentication', method: bytes[start] as number, data: view(bytes, start + 4, end) }
}

/** Octets of the body; throws on values the format cannot hold. */
export function authenticationLength({ method, data, reserved }: AuthenticationPayload): number {
  checkReserved(reserved, 0xffffff, 'authentication')
  checkNumber(method, 0xff, 'authentication', 'method')
  checkOctets(data, MAXIMUM_BODY, 'authentication', 'data')
  return 4 + data.length
}

/** Writes the body at `start` and returns the offset behind it. */
export function writeAuthentication(out: Uint8Array, start: number, payload: AuthenticationPayload): number {
  out[start] = payload.method
  putReserved(out, start + 1, payload.reserved)
  return putOctets(out, start + 4, payload.data)
}

type CertificateLike = CertificatePayload | CertificateRequestPayload

/** Certificate or Certificate Request payload body (sections 3.6 and 3.7): an encoding octet and octets. */
export function decodeCertificate(
  kind: CertificateLike['kind'],
  bytes: Uint8Array,
  start: number,
  end: number
): CertificateLike | Malformed {
  if (start === end) return new Malformed('truncated', start, end - start)
  return { kind, encoding: bytes[start] as number, data: view(bytes, start + 1, end) }
}

/** Octets of the body; throws on values the format cannot hold. */
export function certificateLength({ kind, encoding, data }: CertificateLike): number {
  checkNumber(encoding, 0xff, kind, 'encoding')
  checkOctets(data, MAXIMUM_BODY, kind, 'data')
  return 1 + data.length
}

/** Writes the body at `start` and returns the offset behind it. */
export function writeCertificate(out: Uint8Array, start: number, { encoding, data }: CertificateLike): number {
  out[start] = encoding
  return putOctets(out, start + 1, data)
}
