import type { NotifyPayload, Payload } from '../codec/types.ts'

/** The payloads of one kind. Some share a shape: TSi and TSr, IDi and IDr. */
export type PayloadOf<Kind extends Payload['kind']> = Payload extends infer Candidate
  ? Candidate extends Payload
    ? Kind extends Candidate['kind']
      ? Candidate
      : never
    : never
  : never

/** The first payload of a kind. */
export function findPayload<Kind extends Payload['kind']>(
  payloads: readonly Payload[],
  kind: Kind
): PayloadOf<Kind> | undefined {
  for (const payload of payloads) if (payload.kind === kind) return payload as PayloadOf<Kind>
  return undefined
}

/** Every payload of a kind. */
export function findPayloads<Kind extends Payload['kind']>(
  payloads: readonly Payload[],
  kind: Kind
): readonly PayloadOf<Kind>[] {
  return payloads.filter((payload) => payload.kind === kind) as readonly Payload[] as readonly PayloadOf<Kind>[]
}

/** The first Notify payload of a type. */
export function findNotify(payloads: readonly Payload[], type: number): NotifyPayload | undefined {
  for (const payload of payloads) if (payload.kind === 'notify' && payload.type === type) return payload
  return undefined
}

/** Notify types below this are errors, the others status (RFC 7296 section 3.10.1). */
export const FIRST_STATUS_TYPE = 16384

/** The first error notification; one of a type not known here fails the request as well (RFC 7296 section 3.10.1, B234). */
export function findError(payloads: readonly Payload[]): NotifyPayload | undefined {
  for (const payload of payloads) if (payload.kind === 'notify' && payload.type < FIRST_STATUS_TYPE) return payload
  return undefined
}

/** Type of the first unknown payload with the Critical bit: the message must be refused (RFC 7296 section 2.5, B019). */
export function unsupportedCritical(payloads: readonly Payload[]): number | undefined {
  for (const payload of payloads) if (payload.kind === 'unknown' && payload.critical === true) return payload.type
  return undefined
}
