// The rows that are hardest to get right, each with a way to break its rule by hand. `find` stands in the file exactly once.
// `npm run mutate:rows` puts `replace` in its place and sees that a test which names the row fails.

const MOBIKE = 'src/mobike/'

export const BROKEN_RULES = [
  {
    row: 'A006',
    rule: 'an IKE SA rekey turns the MOBIKE roles round',
    file: `${MOBIKE}machine.ts`,
    find: '    natBaseline: null,\n    outstanding: [],\n    voided: [...',
    replace:
      "    role: state.role === 'initiator' ? 'responder' : 'initiator',\n    natBaseline: null,\n    outstanding: [],\n    voided: [..."
  },
  {
    row: 'A009',
    rule: 'the responder moves its Child SAs without an UPDATE although its own source is usable',
    file: `${MOBIKE}addresses.ts`,
    find: "if (state.role === 'responder') return listed",
    replace: `if (state.role === 'responder') {
    const address = listed.state.pairs.locals.at(-1)?.address ?? state.ikePath.local.address
    return moveOwnEnd(change(listed, { ikePath: { ...state.ikePath, local: { ...state.ikePath.local, address } } }))
  }`
  },
  {
    row: 'A013',
    rule: 'the initiator leaves its Child SAs where they were until the UPDATE is answered',
    file: `${MOBIKE}move.ts`,
    find: 'return mayMoveTo(policy, told.state, to, now) ? moveChildren(told) : told',
    replace: 'return told'
  },
  {
    row: 'A014',
    rule: 'the responder moves its Child SAs before return routability is shown',
    file: `${MOBIKE}answer.ts`,
    find: 'if (!mayMoveTo(policy, state, path, now)) return change(asking, { moveDue: true })',
    replace: ''
  },
  {
    row: 'A039',
    rule: 'the initiator stays on an address that left the peer’s list',
    file: `${MOBIKE}answer.ts`,
    find: 'if (state.peerAddresses.includes(current)) {',
    replace: 'if (state.peerAddresses.length > 0) {'
  },
  {
    row: 'A041',
    rule: 'a changed NAT_DETECTION_DESTINATION_IP leads to no UPDATE',
    file: `${MOBIKE}nat.ts`,
    find: 'const isMapped = natBaseline !== null && nat.destinationHash !== natBaseline',
    replace: 'const isMapped = false'
  },
  {
    row: 'A043',
    rule: 'a policy of routability first is not asked before the initiator moves its Child SAs',
    file: `${MOBIKE}routability.ts`,
    find: "return policy.routability.when !== 'before' || isProven(policy, state, path, now)",
    replace: 'return true'
  },
  {
    row: 'A044',
    rule: 'NAT traversal stays off on a path where a NAT is to be suspected',
    file: `${MOBIKE}nat.ts`,
    find: 'return mayEncapsulate(state.ports, path) && (state.encapsulate || suspectsNat(path))',
    replace: 'return mayEncapsulate(state.ports, path) && state.encapsulate'
  },
  {
    row: 'A045',
    rule: 'outstanding requests stay on the old addresses after a move',
    file: `${MOBIKE}move.ts`,
    find: "const told = act(intend(next, intents), ...moving, { type: 'redirectOutstanding', path: to })",
    replace: 'const told = act(intend(next, intents), ...moving)'
  },
  {
    row: 'A048',
    rule: 'the response to an UPDATE that a further move superseded is carried out',
    file: `${MOBIKE}response.ts`,
    find: 'return superseded ? counted : updateAnswered(policy, counted, request, event)',
    replace: 'return updateAnswered(policy, counted, request, event)'
  },
  {
    row: 'A049',
    rule: 'an UPDATE whose copies left from several sources is taken as it is answered',
    file: `${MOBIKE}response.ts`,
    find: 'if (differ(event.sources) || differ(event.destinations)) {',
    replace: 'if (differ(event.destinations)) {'
  },
  {
    row: 'A050',
    rule: 'an UPDATE that a newer one overtook is carried out',
    file: `${MOBIKE}answer.ts`,
    find: 'const doUpdate = hasUpdate && messageId > (state.lastUpdateMessageId ?? -1)',
    replace: 'const doUpdate = hasUpdate'
  },
  {
    row: 'A053',
    rule: 'a pair that policy refuses is refused, and used all the same',
    file: `${MOBIKE}answer.ts`,
    find: "return refuse(ordered, event, { kind: 'unacceptableAddresses' }, { kind: 'refused', path, by: 'local' })",
    replace:
      "return updateReceived(policy, refuse(ordered, event, { kind: 'unacceptableAddresses' }, { kind: 'refused', path, by: 'local' }), event)"
  },
  {
    row: 'A055',
    rule: 'the answer to an UPDATE comes after what it leads to',
    file: `${MOBIKE}answer.ts`,
    find: 'return doUpdate ? leaveGoneSource(policy, updateReceived(policy, listed, event), event.now) : listed',
    replace:
      'if (!doUpdate) return listed\n  const late = updateReceived(policy, listed, event)\n  return { state: late.state, actions: [...late.actions.slice(1), ...late.actions.slice(0, 1)] }'
  },
  {
    row: 'A058',
    rule: 'NAT_DETECTION beside an UPDATE does not switch encapsulation',
    file: `${MOBIKE}nat.ts`,
    find: '    targetEncapsulate: needsEncapsulation(state.ports, nat, state.ikePath),\n    pairs',
    replace: '    pairs'
  },
  {
    row: 'A059',
    rule: 'a routability check under way counts for the address of a newer UPDATE',
    file: `${MOBIKE}answer.ts`,
    find: '? before.outstanding.map((request) => ({ ...request, superseded: true }))',
    replace: '? before.outstanding'
  },
  {
    row: 'A065',
    rule: 'only the first Child SA moves',
    file: 'src/session/child-moves.ts',
    find: 'const children = movable(turn)\n  if (children.length === 0) return false',
    replace: 'const children = movable(turn).slice(0, 1)\n  if (children.length === 0) return false'
  },
  {
    row: 'A062',
    rule: 'the Child SAs stay where an UPDATE that was refused has taken them',
    file: `${MOBIKE}move.ts`,
    find: 'return moveChildrenTo(intend(back, intents), point.childPath, point.encapsulate)',
    replace: 'return intend(back, intents)'
  },
  {
    row: 'A066',
    rule: 'a responder whose source is gone keeps sending ESP from it',
    file: `${MOBIKE}addresses.ts`,
    find: 'return moveOwnEnd(told)',
    replace: 'return told'
  },
  {
    row: 'A070',
    rule: 'a new list is added to the old one',
    file: `${MOBIKE}answer.ts`,
    find: 'const addresses = peerAddressSet(event.path.remote.address, listed, policy.maxPeerAddresses)',
    replace:
      'const addresses = peerAddressSet(event.path.remote.address, [...listed, ...step.state.peerAddresses], policy.maxPeerAddresses)'
  },
  {
    row: 'A072',
    rule: 'a list that a newer one overtook is stored',
    file: `${MOBIKE}answer.ts`,
    find: 'const doList = hasList && messageId > (state.lastListMessageId ?? -1)',
    replace: 'const doList = hasList'
  },
  {
    row: 'A077',
    rule: 'a list whose copies left from several sources is not sent anew',
    file: `${MOBIKE}response.ts`,
    find: 'if (sources.size > 1) return intend(step, { list: true })',
    replace: ''
  },
  {
    row: 'A079',
    rule: 'a responder that has no list to tell looks for other pairs when replies are missing',
    file: `${MOBIKE}machine.ts`,
    find: "return state.role === 'initiator' || state.outstanding.some((request) => request.carriesList)",
    replace: 'return !state.closed'
  },
  {
    row: 'A082',
    rule: 'return routability is off by default',
    file: `${MOBIKE}policy.ts`,
    find: "when: 'before', proof",
    replace: "when: 'never', proof"
  },
  {
    row: 'A088',
    rule: 'a refusal does not return COOKIE2',
    file: `${MOBIKE}answer.ts`,
    find: 'const notifies = [error, ...echoOf(step.state, event.notifies)]',
    replace: 'const notifies = [error]'
  },
  {
    row: 'A089',
    rule: 'one of two COOKIE2 is enough',
    file: `${MOBIKE}routability.ts`,
    find: 'return returned.every(({ data })',
    replace: 'return returned.some(({ data })'
  },
  {
    row: 'A090',
    rule: 'a COOKIE2 that differs is only a failed check',
    file: `${MOBIKE}response.ts`,
    find: "if (verdict === 'mismatch') return close(taken, 'cookie2Mismatch')\n  if (verdict === 'missing'",
    replace: "if (verdict === 'missing'"
  },
  {
    row: 'D40',
    rule: 'COOKIE2 in the response to a superseded request is not compared',
    file: `${MOBIKE}response.ts`,
    find: 'const verdict = cookie2Verdict(request, event)',
    replace: "const verdict = request.superseded ? 'missing' : cookie2Verdict(request, event)"
  },
  {
    row: 'A091',
    rule: 'a request sent to several destinations proves the one that answered',
    file: `${MOBIKE}routability.ts`,
    find: 'return addresses.size === 1 && addresses.has(address) ? address : null',
    replace: 'return addresses.has(address) ? address : null'
  },
  {
    row: 'A095',
    rule: 'liveness checks from behind a NAT carry no NAT_DETECTION',
    file: `${MOBIKE}request.ts`,
    find: "if (purpose === 'liveness') return checksNatMapping(policy, state)",
    replace: "if (purpose === 'liveness') return false"
  },
  {
    row: 'A100',
    rule: 'an INFORMATIONAL from another address moves the IKE SA',
    file: `${MOBIKE}answer.ts`,
    find: 'return doUpdate ? leaveGoneSource(policy, updateReceived(policy, listed, event), event.now) : listed',
    replace: 'return doUpdate || state.role === "responder" ? updateReceived(policy, listed, event) : listed'
  },
  {
    row: 'A104',
    rule: 'a list without an UPDATE carries no NO_NATS_ALLOWED',
    file: `${MOBIKE}request.ts`,
    find: "if (!state.natTraversal && !isTcp(path) && (purpose === 'update' || list !== null)) {",
    replace: "if (!state.natTraversal && !isTcp(path) && purpose === 'update') {"
  },
  {
    row: 'A105',
    rule: 'NO_NATS_ALLOWED is compared without the ports',
    file: `${MOBIKE}nat-prohibition.ts`,
    find: 'return isTcp(path) || constantTimeEqual(data, noNatsAllowedFor({ local: path.remote, remote: path.local }))',
    replace:
      'const expected = noNatsAllowedFor({ local: path.remote, remote: path.local })\n  return isTcp(path) || constantTimeEqual(data.subarray(0, -4), expected.subarray(0, -4))'
  },
  {
    row: 'A106',
    rule: 'what came through a forbidden NAT is refused, and carried out',
    file: `${MOBIKE}answer.ts`,
    find: "return refuse(ordered, event, { kind: 'unexpectedNatDetected' }, { kind: 'unexpectedNat', by: 'local' })",
    replace:
      "return updateReceived(policy, refuse(ordered, event, { kind: 'unexpectedNatDetected' }, { kind: 'unexpectedNat', by: 'local' }), event)"
  },
  {
    row: 'A108',
    rule: 'one UNEXPECTED_NAT_DETECTED costs the path',
    file: `${MOBIKE}response.ts`,
    find: 'if (state.natRetries < policy.natRetryLimit) {',
    replace: 'if (state.natRetries < 0) {'
  },
  {
    row: 'A119',
    rule: 'ESP from unexpected addresses puts the liveness check off',
    file: 'src/session/step.ts',
    find: 'if (samePath(currentChildPath(turn.state), path)) patch(turn, { livenessAt: livenessDueAt(turn) })',
    replace: 'patch(turn, { livenessAt: livenessDueAt(turn) })'
  },
  {
    row: 'A133',
    rule: 'COOKIE2 is the same in every request',
    file: `${MOBIKE}request.ts`,
    find: 'const cookie2 = hasCookie2 ? input.entropy.slice(0, COOKIE2_LENGTH) : null',
    replace: 'const cookie2 = hasCookie2 ? new Uint8Array(COOKIE2_LENGTH) : null'
  },
  {
    row: 'D13',
    rule: 'UPDATEs and lists share one order of Message IDs',
    file: `${MOBIKE}answer.ts`,
    find: 'lastListMessageId: doList ? messageId : state.lastListMessageId',
    replace: 'lastListMessageId: doUpdate || doList ? messageId : state.lastListMessageId'
  },
  {
    row: 'D24',
    rule: 'the end that is not behind the NAT sends keepalives, too',
    file: `${MOBIKE}nat.ts`,
    find: 'const isNeeded = state.nat === null ? guessesNat(state) : state.nat.localBehindNat',
    replace: 'const isNeeded = state.nat === null ? guessesNat(state) : state.encapsulate'
  },
  {
    row: 'D31',
    rule: 'a request is not the same octets on new addresses',
    file: 'src/session/requests.ts',
    find: 'for (const record of requests.outstanding) {\n    sendMessage(turn, path, record.bytes)',
    replace:
      'for (const record of requests.outstanding) {\n    sendMessage(turn, path, record.bytes.map((octet, at) => (at === 27 ? octet ^ 1 : octet)))'
  }
]

/** `docs/broken-rules.md`. */
export function brokenRulesPage() {
  const lines = BROKEN_RULES.map(({ row, rule, file }) => `| ${row} | ${rule} | \`${file}\` |`)
  return `# Rules broken by hand

Each of these ${BROKEN_RULES.length} changes to the code breaks one rule that is easy to get wrong. \`npm run mutate:rows\` makes them one by one, in memory,
and prints which tests fail: one that names the row must. \`npm run mutate:rows A009 F15\` does so for some rows.
Generated from \`test/mutate/broken-rules.mjs\` by \`npm run api\`.

| Row | The rule is broken like this | In |
|---|---|---|
${lines.join('\n')}
`
}
