import type { Explained } from './outline.ts'

type Line = readonly [range: string, name: string, text: string, reference: string]

/**
 * A tree as text: octets from and to, name by depth, what it says, where it is defined. Defects stand on a line of their own.
 * Lines end with a newline.
 */
export function explainText(tree: Explained): string {
  const lines: Line[] = []
  visit(tree, 0, undefined)
  // Not Math.max(...): a large message has more lines than a call takes arguments.
  const widths = [0, 1].map((column) => lines.reduce((most, line) => Math.max(most, line[column as 0 | 1].length), 0))
  return lines
    .map(([range, name, text, reference]) => {
      const left = `${range.padStart(widths[0] as number)}  ${name.padEnd(widths[1] as number)}  ${text}`
      return `${left}${reference === '' ? '' : `${text === '' ? '' : '  '}[${reference}]`}`.trimEnd()
    })
    .join('\n')
    .concat('\n')

  function visit(node: Explained, depth: number, above: string | undefined): void {
    const { name, offset, length, text, reference, defect, children } = node
    const range = length < 2 ? `${offset}` : `${offset}–${offset + length - 1}`
    lines.push([range, `${'  '.repeat(depth)}${name}`, text, reference === above ? '' : (reference ?? '')])
    if (defect !== undefined) lines.push(['', '', `^ ${defect}`, ''])
    for (const child of children) visit(child, depth + 1, reference ?? above)
  }
}
