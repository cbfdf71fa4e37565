import type { AttributeRule, BodyAttribute } from './layout.ts'

/** NUL, LF and CR, which end a string for some reader (RFC 7296 section 3.5). */
export function isTerminator(octet: number): boolean {
  return octet === 0 || octet === 10 || octet === 13
}

/** What attributes break. `index` is absent when one is missing. */
export interface AttributeFault {
  readonly index?: number
  readonly fault: string
}

/** The first rule of `rules` that `attributes` break, or undefined. */
export function attributeFault(
  rules: readonly AttributeRule[],
  attributes: readonly BodyAttribute[]
): AttributeFault | undefined {
  for (const { type, least = 0, most = attributes.length, highest = 0xffff } of rules) {
    let count = 0
    for (let index = 0; index < attributes.length; index++) {
      const attribute = attributes[index] as BodyAttribute
      if (attribute.type !== type) continue
      if (++count > most) return { index, fault: `type ${type} is there already` }
      const { value } = attribute
      if (typeof value !== 'number') return { index, fault: `type ${type} has a number` }
      if (value > highest) return { index, fault: `type ${type} is at most ${highest}` }
    }
    if (count < least) return { fault: `none of type ${type}` }
  }
  return undefined
}
