import { NOTIFY } from './notify-types.ts'
import type { DecodeError, DecodeErrorCode } from './types.ts'

/**
 * A defect on its way out of the decoders: they return it instead of a value, because a returned result costs nanoseconds
 * and a thrown one microseconds. `instanceof` tells it from every payload.
 */
export class Malformed {
  readonly code: DecodeErrorCode
  readonly offset: number
  readonly got: number
  /** Innermost first: each decoder on the way out adds where it was. */
  private readonly places: string[]

  constructor(code: DecodeErrorCode, offset: number, got: number, place?: string) {
    this.code = code
    this.offset = offset
    this.got = got
    this.places = place === undefined ? [] : [place]
  }

  /** The same defect, found inside `place`. */
  within(place: string): this {
    this.places.push(place)
    return this
  }

  /** The public, plain form. `answer` is what holds for what was decoded. */
  toError(answer: DecodeError['answer']): DecodeError {
    const { code, offset, got, places } = this
    const notify = code === 'unsupportedMajorVersion' ? NOTIFY.INVALID_MAJOR_VERSION : NOTIFY.INVALID_SYNTAX
    return { code, offset, path: places.reverse(), got, notify, answer }
  }
}
