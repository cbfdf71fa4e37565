import type { Session } from 'ikev2-mobike'
import type { SessionEffects } from './session-effects.ts'

/** What `status` prints of a session: IKE SAs, the one in use first, and Child SAs, with SPIs as `swanctl` writes them. */
export function describeSession({ state }: Session, effects: SessionEffects): object {
  return {
    phase: state.phase.name,
    ikeSas: state.ikeSas.map(({ initiatorSpi, responderSpi }) => ({ initiatorSpi, responderSpi })),
    childSas: effects.childSas().map((child) => ({
      id: child.id,
      localSpi: spiText(child.localSpi),
      remoteSpi: spiText(child.remoteSpi),
      path: child.path,
      encapsulate: child.encapsulate,
      packetsSent: child.packetsSent,
      packetsReceived: child.packetsReceived
    }))
  }
}

const spiText = (spi: number) => spi.toString(16).padStart(8, '0')
