/**
 * One thing said about a message: which field begins at which octet, and its value. Numbers are numbers, octets are
 * hexadecimal; a field of no octets is not stated, for its length is. Two dissectors agree when they state the same.
 */
export interface Statement {
  readonly at: number
  readonly name: string
  readonly value: number | string
}

/** Collects statements. What is said twice counts once; two values for one field are two statements. */
export class StatementList {
  private readonly statements = new Map<string, Statement>()

  add(at: number, name: string, value: Statement['value']): void {
    const key = `${at} ${name}`
    const known = this.statements.get(key)
    if (known === undefined) this.statements.set(key, { at, name, value })
    else if (known.value !== value) this.add(at, `${name} again`, value)
  }

  remove(at: number, name: string): void {
    this.statements.delete(`${at} ${name}`)
  }

  all(): readonly Statement[] {
    return [...this.statements.values()]
  }
}
