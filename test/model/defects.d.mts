export const DEFECTS: readonly {
  readonly name: string
  readonly file: string
  readonly find: string
  readonly replace: string
}[]
