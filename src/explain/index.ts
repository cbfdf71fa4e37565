export { type Explanation, errorText, explainMessage, explainPayloads, type OpenedContent } from './message.ts'
export type { Explained } from './outline.ts'
export { explainText } from './text.ts'
