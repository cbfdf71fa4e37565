export declare const BROKEN_RULES: readonly {
  /** Row of the ledger. */
  readonly row: string
  /** What a stack does that breaks it. */
  readonly rule: string
  readonly file: string
  readonly find: string
  readonly replace: string
}[]

/** `docs/broken-rules.md`. */
export declare function brokenRulesPage(): string
