/** A property that does not hold for an input. */
export class Violation extends Error {
  constructor(
    /** The property, as a claim: what should have been true. */
    readonly property: string,
    detail = ''
  ) {
    super(detail === '' ? property : `${property}: ${detail}`)
    this.name = 'Violation'
  }
}

/** Throws a {@link Violation} unless `holds`. The detail is only made when it is needed. */
export function claim(holds: boolean, property: string, detail?: () => string): asserts holds {
  if (!holds) throw new Violation(property, detail?.())
}

/** Which property an input violated: the same one again means that a smaller input still shows the same thing. */
export function violatedProperty(thrown: unknown): string {
  if (thrown instanceof Violation) return thrown.property
  if (!(thrown instanceof Error)) return `throws ${String(thrown)}`
  return `throws ${thrown.name}: ${thrown.message.replace(/[0-9a-f]{8,}|\d+/g, '#')}`
}
