// Defects to plant in a copy of the library, to see that simulated sessions show each. `find` must be there exactly once.

export const DEFECTS = [
  {
    name: 'the responder moves its Child SAs before the address has answered',
    file: 'src/mobike/answer.ts',
    find: 'if (!mayMoveTo(policy, state, path, now)) return change(asking, { moveDue: true })',
    replace: ''
  },
  {
    name: 'the responder answers an UPDATE and stays where it was',
    file: 'src/mobike/answer.ts',
    find: '    ikePath: path,\n    choseSource: false,',
    replace: '    choseSource: false,'
  },
  {
    name: 'exchanges of the client put off the check of its NAT mapping',
    file: 'src/session/receive.ts',
    find: 'comparesNat || !watchesMapping(turn)',
    replace: 'true || comparesNat || !watchesMapping(turn)'
  },
  {
    name: 'a changed NAT mapping is seen and not told',
    file: 'src/mobike/nat.ts',
    find: 'const isMapped = natBaseline !== null && nat.destinationHash !== natBaseline',
    replace: 'const isMapped = natBaseline !== null && nat.destinationHash === undefined'
  },
  {
    name: 'an older UPDATE that arrives late is carried out',
    file: 'src/mobike/answer.ts',
    find: 'const doUpdate = hasUpdate && messageId > (state.lastUpdateMessageId ?? -1)',
    replace: 'const doUpdate = hasUpdate'
  },
  {
    name: 'a request is sent again on the path that it was first sent on',
    file: 'src/session/timers.ts',
    find: 'const path = mobike === null ? currentPath(turn.state) : retransmissionPath(mobike, token)',
    replace: 'const path = { local: record.sources[0], remote: record.destinations[0] }'
  },
  {
    name: 'a move leaves one Child SA behind',
    file: 'src/session/child-moves.ts',
    find: 'const ids = children.map(({ sa }) => sa.id)\n  turn',
    replace: 'const ids = children.slice(-1).map(({ sa }) => sa.id)\n  turn'
  },
  {
    name: 'an answered request stays in the window',
    file: 'src/exchange/request-window.ts',
    find: '  return { window: { ...window, outstanding }, record }',
    replace: '  return { window: outstanding.length > 9 ? { ...window, outstanding } : window, record }'
  },
  {
    name: 'the responder follows whatever request comes from another address',
    file: 'src/mobike/answer.ts',
    find: "const hasUpdate = notifies.some(({ kind }) => kind === 'updateSaAddresses')",
    replace: "const hasUpdate = state.role === 'responder'"
  },
  {
    name: 'a check from before a move proves whatever address it is answered from',
    file: 'src/mobike/response.ts',
    find: 'const proven = isProof && !request.superseded ? provenAddress(event) : null',
    replace: 'const proven = isProof ? event.path.remote.address : null'
  },
  {
    name: 'a client whose addresses pair with none of the last list has no way to the peer',
    file: 'src/mobike/candidate-pairs.ts',
    find: "if (state.role === 'initiator' && !canPair(locals, candidates))",
    replace: 'if (!canPair(locals, candidates) && state.ikePath === undefined)',
    // Both families have to part first, which happens in few sessions.
    sessions: 16_000
  },
  {
    name: 'a request that a NAT changed is carried out where both ends forbid one',
    file: 'src/mobike/answer.ts',
    find: 'if (!isStale && crossedNat(notifies, path)) {',
    replace: 'if (isStale && crossedNat(notifies, path)) {'
  }
]
