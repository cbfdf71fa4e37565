export * from './bytes/index.ts'
export * from './session/index.ts'
