import { concatBytes } from '../bytes/index.ts'

const limits = {
  /** Fragments of one message: those of 65535 octets in datagrams of 576, the least a sender cuts to, are fewer. */
  fragments: 256,
  /** Octets of inner payloads: what the one Encrypted payload that was cut could have held. */
  octets: 0xffff
} as const

/** The most a peer can make a reassembly hold; what goes beyond is discarded. */
export const REASSEMBLY_LIMITS: Readonly<typeof limits> = /* @__PURE__ */ Object.freeze(limits)

/** The numbers of one Encrypted Fragment payload (RFC 7383 section 2.5), both from 1. */
export interface FragmentNumbers {
  readonly fragmentNumber: number
  readonly totalFragments: number
}

/** One fragment whose checksum was right, as `openFragment` of `./crypto` returns it. */
export interface AuthenticFragment extends FragmentNumbers {
  /** Type of the message's first inner payload; it means something in fragment 1 alone. */
  readonly firstInner: number
  /** This fragment's part of the inner payload chain. */
  readonly inner: Uint8Array
}

/**
 * Fragments of one message that wait for the rest: plain data, never empty. There is one for each IKE SA, direction and
 * Message ID; when it is given up is the caller's decision (RFC 7383 section 2.6).
 */
export interface Reassembly {
  readonly totalFragments: number
  /** Octets of all parts. */
  readonly octets: number
  /** In the order of arrival, no number twice. */
  readonly parts: readonly {
    readonly fragmentNumber: number
    readonly firstInner: number
    readonly inner: Uint8Array
  }[]
}

/** Why a fragment is discarded, silently for the peer. */
export type FragmentDefect =
  /** A number of 0, one above the total, or one with a fraction, which no decoder gives. */
  | 'invalidNumber'
  /** A smaller total than that of fragments already here: the peer has cut the message anew, smaller, since. */
  | 'staleTotal'
  /** Already here. */
  | 'duplicate'
  /** {@link REASSEMBLY_LIMITS} */
  | 'limitExceeded'

/** What became of a fragment. */
export type FragmentOutcome =
  | { readonly kind: 'stored'; readonly reassembly: Reassembly }
  /** The content of the Encrypted payload that was cut; nothing is left to keep. */
  | { readonly kind: 'complete'; readonly firstInner: number; readonly inner: Uint8Array }
  /** `reassembly` is as it was. */
  | { readonly kind: 'discarded'; readonly defect: FragmentDefect; readonly reassembly: Reassembly | undefined }

/**
 * Whether the numbers alone make a fragment useless, undefined when they do not. Ask before the checksum is computed
 * (RFC 7383 section 2.6 has this order): a repeated fragment then costs nothing, and a forged number changes nothing.
 */
export function fragmentDefect(
  reassembly: Reassembly | undefined,
  { fragmentNumber, totalFragments }: FragmentNumbers
): FragmentDefect | undefined {
  // Written so that NaN fails too; a number with a fraction would fill a place that no fragment has.
  if (!(fragmentNumber >= 1 && fragmentNumber <= totalFragments)) return 'invalidNumber'
  if (!Number.isInteger(fragmentNumber) || !Number.isInteger(totalFragments)) return 'invalidNumber'
  if (totalFragments > REASSEMBLY_LIMITS.fragments) return 'limitExceeded'
  if (reassembly === undefined || totalFragments > reassembly.totalFragments) return undefined
  if (totalFragments < reassembly.totalFragments) return 'staleTotal'
  return reassembly.parts.some((part) => part.fragmentNumber === fragmentNumber) ? 'duplicate' : undefined
}

/**
 * Adds a fragment to those of its message (RFC 7383 section 2.6). A larger total than before starts anew with this
 * fragment alone. Octets are copied, never kept as they came. Never throws on what a peer sends.
 */
export function addFragment(reassembly: Reassembly | undefined, fragment: AuthenticFragment): FragmentOutcome {
  const defect = fragmentDefect(reassembly, fragment)
  if (defect !== undefined) return { kind: 'discarded', defect, reassembly }
  const { fragmentNumber, totalFragments, firstInner, inner } = fragment
  const known = reassembly?.totalFragments === totalFragments ? reassembly : undefined
  const octets = (known?.octets ?? 0) + inner.length
  if (octets > REASSEMBLY_LIMITS.octets) return { kind: 'discarded', defect: 'limitExceeded', reassembly }
  const parts = [...(known?.parts ?? []), { fragmentNumber, firstInner, inner: inner.slice() }]
  if (parts.length < totalFragments) return { kind: 'stored', reassembly: { totalFragments, octets, parts } }
  const ordered = parts.sort((a, b) => a.fragmentNumber - b.fragmentNumber)
  return {
    kind: 'complete',
    firstInner: ordered[0]?.firstInner ?? 0,
    inner: concatBytes(...ordered.map((part) => part.inner))
  }
}
