import { expect, it } from 'vitest'
import { exchangeName, notifyName } from '../../src/codec/index.ts'
import {
  CLEAR_NOTIFY_RULES,
  MESSAGE_FORMS,
  NOTIFY_EXCLUSIONS,
  NOTIFY_RULES,
  type NotifyRule,
  type PayloadRule
} from '../../src/rules/index.ts'

const NAMES = [
  'SA',
  'KE',
  'IDi',
  'IDr',
  'CERT',
  'CERTREQ',
  'AUTH',
  'Ni/Nr',
  'N',
  'D',
  'V',
  'TSi',
  'TSr',
  'SK',
  'CP',
  'EAP'
]

/** docs/message-rules.md is made of the tables: `npm run api` writes it anew. */
it('docs/message-rules.md says what the tables say', async () => {
  await expect(document()).toMatchFileSnapshot('../../docs/message-rules.md')
})

function document(): string {
  const forms = MESSAGE_FORMS.map(
    ({ exchange, isResponse, name, section, isProtected, payloads, notifies, needsError, isClosed, mark }) => [
      exchange === 0 ? 'any, unprotected' : exchangeName(exchange),
      isResponse ? 'response' : 'request',
      name,
      isProtected ? 'yes' : 'no',
      [
        ...(mark < 0 ? [`N(${notifyName(-mark)})`] : []),
        ...(needsError ? ['N(error)+'] : []),
        ...payloads.map(notation),
        ...notifies.map(
          ({ type, least, most }) => `${most === 0 ? 'no ' : ''}N(${notifyName(type)})${least < most ? '?' : ''}`
        ),
        ...(isClosed ? ['and nothing else'] : [])
      ].join(' ') || 'none',
      rfc(section)
    ]
  )
  const rules = (list: readonly NotifyRule[]) =>
    list.map(({ type, places, most, section }) => [
      notifyName(type),
      places
        .map(({ exchange, isResponse }) => {
          return `${exchange === 0 ? 'any' : exchangeName(exchange)} ${isResponse ? 'response' : 'request'}`
        })
        .join(', '),
      most === Infinity ? 'any' : String(most),
      rfc(section)
    ])
  const exclusions = NOTIFY_EXCLUSIONS.map(({ type, others, section }) => [
    notifyName(type),
    others.map(notifyName).join(', '),
    rfc(section)
  ])
  return `# What a message may contain

Generated from the tables of \`ikev2-mobike/rules\`, which \`checkMessage\` applies. Vendor ID payloads, payloads of unknown types
and all other status notifications may be in any message unless its form says otherwise, and the order of payloads is no rule
(RFC 7296 sections 2.5, 3.10.1, 3.12). A protected exchange has everything inside its Encrypted payload but Vendor ID payloads,
payloads of unknown types, notifications outside the IANA registry and those of the last table. IKE_AUTH with a payload of a
secure password method (type 49, RFC 6467) has no form here.

## Forms of messages

The first form whose distinguishing payload is in the message applies. \`?\` at most once, \`*\` any number, \`+\` at least one,
\`&\` all so marked or none; the others exactly once.

${table(['exchange', 'direction', 'form', 'encrypted', 'payloads', 'defined in'], forms)}

## Notifications that are restricted

${table(['notification', 'may be in', 'most', 'defined in'], rules(NOTIFY_RULES))}

## Notifications that exclude each other

${table(['notification', 'not beside', 'defined in'], exclusions)}

## Notifications outside the Encrypted payload

All other types of the IANA registry are protected where the exchange is; what these say is a hint and changes no state.

${table(['notification', 'may be in', 'most', 'defined in'], rules(CLEAR_NOTIFY_RULES))}
`
}

function notation({ type, least, most, together }: PayloadRule): string {
  const name = NAMES[type - 33]
  if (together) return `${name}&`
  if (most === 1) return least === 1 ? `${name}` : `${name}?`
  return least === 1 ? `${name}+` : `${name}*`
}

function rfc(section: string): string {
  const match = /^RFC (\d+) (.*)$/.exec(section)
  return match === null ? `RFC 7296 §${section}` : `RFC ${match[1]} §${match[2]}`
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}
