export { childSaKeys } from './children.ts'
export {
  DEFAULT_LIVENESS_MS,
  DEFAULT_RETRANSMISSION,
  DEFAULT_SESSION_LIMITS,
  LARGEST_WINDOW,
  type Lifetimes,
  RESPONDER_LIVENESS_MS,
  RESPONDER_RETRANSMISSION,
  type SessionConfig,
  type SessionLimits,
  type SessionOptions,
  type SessionPorts,
  sessionConfig
} from './config.ts'
export { forgetDroppedKeys } from './forget.ts'
export type { Child, IkeSa, Phase, Session, SessionSecrets, SessionState, Standing } from './state.ts'
export { createInitiatorSession, createResponderSession, type SessionStep, stepSession } from './step.ts'
export { nextSessionWake } from './timers.ts'
export type * from './types.ts'
