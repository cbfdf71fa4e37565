import { toHex } from '../bytes/index.ts'
import { GENERIC_HEADER_OCTETS, type Message } from '../codec/index.ts'
import { openFragment, openMessage } from '../crypto/index.ts'
import { addFragment, type FragmentDefect, type Reassembly } from '../exchange/index.ts'
import type { OpenedContent } from '../explain/index.ts'
import type { KeyTable } from './key-table.ts'

/** What the protection of a message turned out to be. */
export type Opened =
  | { readonly kind: 'plain' }
  | { readonly kind: 'noKeys' }
  | { readonly kind: 'refused' }
  /** Number `number` of `of`; `have` of them are here. */
  | { readonly kind: 'fragment'; readonly number: number; readonly have: number; readonly of: number }
  | { readonly kind: 'discarded'; readonly number: number; readonly of: number; readonly why: FragmentDefect }
  | { readonly kind: 'opened'; readonly content: OpenedContent }

/** Opens messages one after the other, and keeps fragments until their message is whole (RFC 7383 section 2.6). */
export function createOpener(table: KeyTable | undefined): (message: Message, octets: Uint8Array) => Opened {
  const reassemblies = new Map<string, Reassembly>()

  return (message, octets) => {
    const last = message.payloads.at(-1)
    if (last?.kind !== 'encrypted' && last?.kind !== 'encryptedFragment') return { kind: 'plain' }
    const keys = table?.find(message)
    if (keys === undefined) return { kind: 'noKeys' }
    const sender = message.fromInitiator ? 'initiator' : 'responder'
    const header = last.kind === 'encrypted' ? GENERIC_HEADER_OCTETS : GENERIC_HEADER_OCTETS + 4
    const input = { ...keys, sender, message: octets, offset: octets.length - last.body.length - header } as const
    if (last.kind === 'encrypted') {
      const opened = openMessage(input)
      if (!opened.ok) return { kind: 'refused' }
      return { kind: 'opened', content: { firstPayload: opened.firstInner, octets: opened.inner } }
    }
    const opened = openFragment(input)
    if (!opened.ok) return { kind: 'refused' }
    const { initiatorSpi, responderSpi, fromInitiator, isResponse, messageId } = message
    const key = `${toHex(initiatorSpi)} ${toHex(responderSpi)} ${fromInitiator} ${isResponse} ${messageId}`
    const outcome = addFragment(reassemblies.get(key), opened)
    if (outcome.kind === 'complete') {
      reassemblies.delete(key)
      return { kind: 'opened', content: { firstPayload: outcome.firstInner, octets: outcome.inner } }
    }
    const { fragmentNumber: number, totalFragments: of } = opened
    if (outcome.kind === 'discarded') return { kind: 'discarded', number, of, why: outcome.defect }
    reassemblies.set(key, outcome.reassembly)
    return { kind: 'fragment', number, have: outcome.reassembly.parts.length, of }
  }
}
