const SUBSPACE = 2 ** 32

/** Smallest, default and largest anti-replay window, in packets. RFC 4303 section 3.4.3: 32 at least, 64 preferred. */
export const REPLAY_WINDOW: { readonly minimum: number; readonly default: number; readonly maximum: number } =
  Object.freeze({ minimum: 32, default: 64, maximum: 1024 })

/** What an anti-replay window remembers, as plain data. */
export interface ReplayState {
  /** Highest authenticated sequence number, high half included; 0 before the first packet. */
  readonly highest: number
  /** Bit `sequence % size` is set for each sequence number of the window that was received; 32 of them an element. */
  readonly received: Uint32Array
}

/** Why a sequence number is refused before any cryptography. */
export type ReplayRefusal = 'replayed' | 'sequenceExhausted'

/**
 * The receiver's anti-replay window of RFC 4303 section 3.4.3, with Extended Sequence Numbers as in its appendix A2.
 * Check first, verify the packet, and only then accept: a forged packet must not move the window.
 *
 * Sequence numbers are JavaScript numbers: an SA ends at 2^53 - 1 where the RFC allows 2^64 - 1. The
 * resynchronisation of appendix A3, after a loss of 2^32 packets in a row, is left out: such an SA is rekeyed.
 */
export interface ReplayWindow {
  /** The whole sequence number of a packet that carries `low` (32 bits), or why it is refused. */
  check(low: number): number | ReplayRefusal
  /** Marks a number that `check` gave and the packet's checksum confirmed. */
  accept(sequence: number): void
  /** A copy of the state. */
  snapshot(): ReplayState
}

/**
 * A window of `size` packets, empty or continuing from `state`.
 *
 * @throws RangeError naming `size` when it is no multiple of 32 from 32 to 1024, or `state` when it is of another size.
 */
export function createReplayWindow(size: number, extended: boolean, state?: ReplayState): ReplayWindow {
  if (size % 32 !== 0 || size < REPLAY_WINDOW.minimum || size > REPLAY_WINDOW.maximum) {
    throw new RangeError(`size: expected a multiple of 32 from 32 to 1024, got ${size}`)
  }
  if (state !== undefined && state.received.length !== size / 32) throw new RangeError('state: window of another size')
  let highest = state?.highest ?? 0
  const received = state?.received.slice() ?? new Uint32Array(size / 32)
  // The first packet of an SA carries 1 (RFC 4303 section 3.3.3): 0 counts as seen.
  if (state === undefined) received[0] = 1

  const bitOf = (sequence: number): [index: number, mask: number] => {
    const position = sequence % size
    return [position >>> 5, 1 << (position & 31)]
  }

  return {
    check(low) {
      const sequence = extended ? wholeSequence(low, highest, size) : low
      if (sequence > Number.MAX_SAFE_INTEGER) return 'sequenceExhausted'
      if (sequence > highest) return sequence
      if (sequence < 0 || sequence <= highest - size) return 'replayed'
      const [index, mask] = bitOf(sequence)
      return ((received[index] as number) & mask) === 0 ? sequence : 'replayed'
    },
    accept(sequence) {
      for (let passed = Math.max(highest + 1, sequence - size + 1); passed < sequence; passed++) {
        const [index, mask] = bitOf(passed)
        received[index] = (received[index] as number) & ~mask
      }
      const [index, mask] = bitOf(sequence)
      received[index] = (received[index] as number) | mask
      if (sequence > highest) highest = sequence
    },
    snapshot: () => ({ highest, received: received.slice() })
  }
}

/** The 64-bit number that `low` stands for (RFC 4303 appendix A2.2); negative when it lies before the first packet. */
function wholeSequence(low: number, highest: number, size: number): number {
  const highestLow = highest % SUBSPACE
  const high = Math.floor(highest / SUBSPACE)
  const bottom = highestLow - size + 1
  if (bottom >= 0) return (low >= bottom ? high : high + 1) * SUBSPACE + low
  return (low >= bottom + SUBSPACE ? high - 1 : high) * SUBSPACE + low
}
