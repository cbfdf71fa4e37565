// The key material charon logs with `ike = 4`: the peer's own, so that a check with it proves both sides agree.

/**
 * Keys of every IKE SA in a charon log (`ike = 4`), in order: they are the peer's, not ours.
 * @returns array of `{ initiatorSpi, responderSpi, ei, er, ai, ar }`, hexadecimal, empty texts for no integrity key
 */
export function keysOfLog(log) {
  const found = []
  let current = {}
  const lines = log.split('\n')
  for (let i = 0; i < lines.length; i++) {
    const secret = /Sk_(ei|er|ai|ar) secret => (\d+) bytes/.exec(lines[i])
    if (secret) {
      current[secret[1]] = hexDump(lines, i + 1, Number(secret[2]))
      continue
    }
    if (/SKEYSEED => /.test(lines[i])) current = {}
    if (/Sk_pr secret => /.test(lines[i])) found.push({ ai: '', ar: '', ...current })
  }
  return found
}

/** The octets of a `=> N bytes` dump that starts at line `index`. */
function hexDump(lines, index, length) {
  let hex = ''
  while (hex.length < 2 * length) {
    const row = /\s+\d+: ((?:[0-9A-F]{2} {1,2})+)/.exec(lines[index++] ?? '')
    if (!row) throw new Error('the charon log ends in a dump')
    hex += row[1].replace(/ /g, '').slice(0, 2 * length - hex.length)
  }
  return hex.toLowerCase()
}
