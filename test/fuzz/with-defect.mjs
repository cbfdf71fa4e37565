/** The text of a file with a defect in it. Throws unless there is exactly one place for it. */
export function withDefect(text, { file, find, replace }) {
  if (text.split(find).length !== 2) throw new Error(`${file}: not exactly one place that reads ${find}`)
  return text.replace(find, () => replace)
}

/** How workers are bundled, but for what goes in and what is done to it. */
export const WORKER_BUNDLE = {
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'es2022',
  packages: 'external',
  logLevel: 'error'
}
