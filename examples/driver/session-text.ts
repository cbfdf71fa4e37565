import type { SessionRunner } from './session-runner.ts'

/** What `status` prints of a session: IKE SAs, the one in use first, and Child SAs, with SPIs as `swanctl` writes them. */
export function describeSession(runner: SessionRunner): object {
  const { phase, ikeSas } = runner.session.state
  return {
    phase: phase.name,
    ikeSas: ikeSas.map(({ initiatorSpi, responderSpi }) => ({ initiatorSpi, responderSpi })),
    childSas: runner.childSas().map((child) => ({
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
