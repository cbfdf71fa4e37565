export { checkMessage, type MessageRuleName, type MessageViolation, messageForm } from './check-message.ts'
export {
  CLEAR_NOTIFY_RULES,
  MESSAGE_FORMS,
  type MessageForm,
  NOTIFY_EXCLUSIONS,
  NOTIFY_RULES,
  type NotifyCount,
  type NotifyExclusion,
  type NotifyRule,
  type PayloadRule
} from './message-rules.ts'
