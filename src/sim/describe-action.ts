import { pathText } from '../bytes/index.ts'
import type { SessionAction } from '../session/index.ts'

/** One line about what a session asks for, for ladders and logs; undefined for datagrams and questions. Holds no secret. */
export function describeAction(action: SessionAction): string | undefined {
  switch (action.type) {
    case 'installChildSa': {
      const { child, replaces, outbound } = action
      const spis = `in ${spiText(child.localSpi)} out ${spiText(child.remoteSpi)}`
      const waits = outbound === 'now' ? '' : ', sends after the first packet in'
      return `installChildSa ${child.id} ${spis}${replaces === null ? '' : `, replaces ${replaces}`}${waits}`
    }
    case 'removeChildSa':
      return `removeChildSa ${action.id}`
    case 'moveChildSas':
      return `moveChildSas to ${pathText(action.to)}${action.encapsulate ? ', UDP-encapsulated' : ', plain ESP'}`
    case 'startNatKeepalive':
      return `startNatKeepalive ${pathText(action.path)} every ${action.intervalMs / 1000} s`
    case 'stopNatKeepalive':
      return `stopNatKeepalive ${pathText(action.path)}`
    case 'applyConfiguration':
      return `applyConfiguration ${action.configuration.addresses.join(', ')}`
    case 'report':
      return action.report.kind === 'mobike' ? wordsOf(action.report.report) : wordsOf(action.report)
    default:
      return undefined
  }
}

/** `c0de0001`. */
function spiText(spi: number): string {
  return spi.toString(16).padStart(8, '0')
}

/** The kind of a report and what it says: paths, lists and plain values with their names, flags by their names alone. */
function wordsOf(report: { readonly kind: string }): string {
  const words = Object.entries(report).flatMap(([name, value]: [string, unknown]) => {
    if (name === 'kind') return String(value)
    if (typeof value === 'boolean') return value ? name : []
    if (isPath(value)) return name === 'path' ? pathText(value) : `${name} ${pathText(value)}`
    if (Array.isArray(value)) return value.join(', ') || 'none'
    return typeof value === 'string' || typeof value === 'number' ? `${name} ${value}` : []
  })
  return words.join(' ')
}

function isPath(value: unknown): value is Parameters<typeof pathText>[0] {
  return typeof value === 'object' && value !== null && 'local' in value && 'remote' in value
}
