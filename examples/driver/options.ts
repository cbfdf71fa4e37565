import { readFileSync } from 'node:fs'
import type { AddressOptions } from './local-addresses.ts'
import type { SuiteName } from './session-config.ts'

/** What both programs read from the JSON file named by their first argument. */
export interface DriverOptions extends AddressOptions {
  readonly suite: SuiteName
  /** Text of the pre-shared key. */
  readonly secret: string
  /** Fully qualified domain names. */
  readonly localIdentity: string
  readonly peerIdentity: string
  /** UDP ports to listen on: IKE, and IKE with UDP-encapsulated ESP. Default 500 and 4500. */
  readonly ports?: readonly [number, number]
  /** The network behind the gateway. */
  readonly network: { readonly address: string; readonly prefixLength: number }
  /** The echo service in it. */
  readonly server: { readonly address: string; readonly port: number }
  /** A liveness check when nothing came for so long, in ms; default the library's. */
  readonly livenessMs?: number
  /** Default true; false for one of several hosts that share an identity (RFC 7296 section 2.4). */
  readonly initialContact?: boolean
}

/** @throws Error when the file is missing or no JSON. */
export function readOptions<T extends DriverOptions>(): T {
  const file = process.argv[2]
  if (file === undefined) throw new Error('usage: node PROGRAM OPTIONS.json')
  return JSON.parse(readFileSync(file, 'utf8')) as T
}
