/** Executions spent on one failure at most. */
const PATIENCE = 4000

/**
 * A smaller input for which `fails` still holds: pieces of half the length, a quarter and so on are taken away, then what
 * is left is zeroed octet by octet, until nothing more can go.
 */
export function minimise(octets: Uint8Array, fails: (octets: Uint8Array) => boolean): Uint8Array {
  let least = octets
  let left = PATIENCE
  const keepIf = (candidate: Uint8Array): boolean => {
    if (left-- <= 0 || !fails(candidate)) return false
    least = candidate
    return true
  }
  for (let before = -1; before !== weight(least) && left > 0; ) {
    before = weight(least)
    for (let size = Math.ceil(least.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
      for (let at = 0; at < least.length; ) {
        const shorter = Uint8Array.from([...least.subarray(0, at), ...least.subarray(at + size)])
        if (!keepIf(shorter)) at += size
      }
    }
    for (let at = 0; at < least.length; at++) {
      if (least[at] === 0) continue
      const zeroed = least.slice()
      zeroed[at] = 0
      keepIf(zeroed)
    }
  }
  return least
}

/** What minimising makes smaller: octets first, then how many of them say something. */
function weight(octets: Uint8Array): number {
  return octets.length * 0x10000 + octets.filter((octet) => octet !== 0).length
}
