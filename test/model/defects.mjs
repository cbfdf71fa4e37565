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
    name: 'the answer to an UPDATE that was overtaken by a move counts as that of the next',
    file: 'src/mobike/move.ts',
    find: 'outstanding: before.outstanding.map((request) => ({ ...request, superseded: true })),\n    probing: null,',
    replace: 'probing: null,'
  },
  {
    name: 'the ends of a rekey collision compare different nonces',
    file: 'src/session/lineage.ts',
    find: 'const lowestNonce = lower(request.nonce, nonce).slice()',
    replace: 'const lowestNonce = request.nonce.slice()'
  },
  {
    name: 'an answered request stays in the window',
    file: 'src/exchange/request-window.ts',
    find: '  return { window: { ...window, outstanding }, record }',
    replace: '  return { window: outstanding.length > 9 ? { ...window, outstanding } : window, record }'
  }
]
