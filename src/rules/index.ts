export { checkMessage, type MessageRuleName, type MessageViolation, messageForm } from './check-message.ts'
export { MESSAGE_FORMS, type MessageForm, NOTIFY_RULES, type NotifyRule, type PayloadRule } from './message-rules.ts'
