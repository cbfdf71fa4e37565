import { type BodyError, type FieldReading, type Forms, readFields, registryName } from '../bodies/index.ts'
import { escaped, type Outline, octetsText } from './outline.ts'

const FAULTS: Readonly<Record<BodyError['code'], string>> = {
  truncated: 'too few octets',
  trailingOctets: 'octets left over',
  invalidValue: 'a value that is not allowed'
}

/**
 * The next `size` octets by the layout of a body. Returns the text of a body of one field. Octets that fit no form stand as they
 * are, with what is wrong.
 */
export function explainFields(outline: Outline, size: number, forms: Forms, reference: string): string | undefined {
  const octets = outline.view(size)
  const readings = readFields(forms, octets)
  if (!readings.ok) {
    const { code, field, offset } = readings.error
    const defect = `${field === '' ? 'data' : field}: ${FAULTS[code]} at its octet ${offset} (${reference})`
    if (size > 0) outline.rest('data', defect)
    else outline.fault('data', defect)
    return undefined
  }
  takeAll(outline, readings.value, reference)
  return readings.value.length === 1 ? valueText(readings.value[0] as FieldReading) : undefined
}

function takeAll(outline: Outline, readings: readonly FieldReading[], reference: string): void {
  for (const reading of readings) {
    const { name, start, end, parts } = reading
    const size = end - start
    if (parts.length === 0) {
      outline.raw(name, size, () => valueText(reading), reference)
      continue
    }
    outline.group(
      name,
      size,
      (inside) => {
        const head = (parts[0] as FieldReading).start - start
        if (head > 0) inside.raw('length', head, (octets) => `${octets[0]} octets`)
        takeAll(inside, parts, reference)
        return undefined
      },
      reference
    )
  }
}

function valueText({ field, value }: FieldReading): string {
  if (typeof value === 'number') return numberText(field, value)
  if (value instanceof Uint8Array) return octetsText(value)
  if (typeof value === 'string') return field.is === 'text' ? `"${escaped(value)}"` : value
  if (Array.isArray(value)) return `${value.length}`
  const { type, value: content } = value as { readonly type: number; readonly value: unknown }
  const kind = field.is === 'gateway' ? registryName('gatewayIdentityType', type) : numberText(field, type)
  return `${kind} ${content instanceof Uint8Array ? octetsText(content) : escaped(String(content))}`
}

function numberText(field: FieldReading['field'], value: number): string {
  const name = 'registry' in field && field.registry !== undefined ? registryName(field.registry, value) : String(value)
  if (name !== String(value)) return `${value} (${name})`
  return 'unit' in field && field.unit !== undefined ? `${value} ${field.unit}` : String(value)
}
