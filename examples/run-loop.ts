import { randomFillSync } from 'node:crypto'
import * as ikev2 from 'ikev2-mobike'
import { createEspTunnel } from 'ikev2-mobike/esp'

export function run(
  config: ikev2.SessionConfig,
  host: { send(path: ikev2.Path, bytes: Uint8Array): void; secret: Uint8Array }
) {
  const tunnel = createEspTunnel() // ESP in user space; or your kernel's IPsec
  let session = ikev2.createInitiatorSession(config)
  let timer: NodeJS.Timeout | undefined
  return function dispatch(news: ikev2.SessionNews): void {
    const event = { ...news, now: performance.now(), entropy: randomFillSync(new Uint8Array(32)) }
    const step = ikev2.stepSession(config, session, event)
    ikev2.forgetDroppedKeys(session, step.session)
    session = step.session
    for (const action of step.actions) {
      if (action.type === 'sendDatagram') host.send(action.path, action.bytes)
      if (action.type === 'ask')
        dispatch({ type: 'answered', id: action.id, answer: { kind: 'preSharedKey', secret: host.secret } })
      if (action.type === 'installChildSa')
        tunnel.applyChildSaAction(action, ikev2.childSaKeys(config, session, action.child.id))
      if (action.type === 'removeChildSa') tunnel.applyChildSaAction(action)
      if (action.type === 'moveChildSas')
        dispatch(
          tunnel.applyChildSaAction(action)
            ? { type: 'childSasMoved' }
            : { type: 'childSaMoveFailed', reason: 'no such Child SA' }
        )
      if (action.type === 'report') console.log(action.report)
    }
    clearTimeout(timer)
    const wake = ikev2.nextSessionWake(session)
    if (wake !== undefined) timer = setTimeout(dispatch, Math.max(0, wake - performance.now()), { type: 'tick' })
  }
}
