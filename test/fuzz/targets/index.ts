import type { FuzzTarget } from '../target.ts'
import { bodiesTarget } from './bodies.ts'
import { decodeTarget } from './decode.ts'
import { decodeEncodeTarget } from './decode-encode.ts'
import { explainTarget } from './explain.ts'
import { fragmentsTarget } from './fragments.ts'
import { sessionTarget } from './session.ts'
import { unprotectTarget } from './unprotect.ts'

/** Every target of `npm run fuzz`. */
export const TARGETS: readonly FuzzTarget[] = [
  decodeTarget,
  decodeEncodeTarget,
  unprotectTarget,
  fragmentsTarget,
  bodiesTarget,
  explainTarget,
  sessionTarget
]
