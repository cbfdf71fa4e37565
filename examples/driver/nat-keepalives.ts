import { type Path, pathText } from 'ikev2-mobike'
import { now } from './clock.ts'

/** RFC 3948 section 2.3. */
const KEEPALIVE = Uint8Array.of(0xff)

interface Keepalive {
  readonly timer: NodeJS.Timeout
  lastSent: number
}

/** Sends the one-octet keepalive of RFC 3948 section 4 on paths where nothing else was sent for an interval. */
export class NatKeepalives {
  readonly #send: (path: Path, bytes: Uint8Array) => void
  readonly #paths = new Map<string, Keepalive>()

  constructor(send: (path: Path, bytes: Uint8Array) => void) {
    this.#send = send
  }

  start(path: Path, intervalMs: number): void {
    this.stop(path)
    const timer = setInterval(() => {
      if (now() - keepalive.lastSent < intervalMs) return
      keepalive.lastSent = now()
      this.#send(path, KEEPALIVE)
    }, intervalMs)
    const keepalive: Keepalive = { timer, lastSent: now() }
    this.#paths.set(pathText(path), keepalive)
  }

  /** Something was sent on this path: its mapping is fresh. */
  sent(path: Path): void {
    const keepalive = this.#paths.get(pathText(path))
    if (keepalive !== undefined) keepalive.lastSent = now()
  }

  stop(path: Path): void {
    const name = pathText(path)
    clearInterval(this.#paths.get(name)?.timer)
    this.#paths.delete(name)
  }

  stopAll(): void {
    for (const { timer } of this.#paths.values()) clearInterval(timer)
    this.#paths.clear()
  }
}
