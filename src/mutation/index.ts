export {
  type ChainMutationOptions,
  type MutatedChain,
  type MutatedOctets,
  mutateChain,
  mutateMessage,
  mutateOctets
} from './mutate.ts'
export { type MutatedPayloads, mutatePayloads, type PayloadMutationOptions } from './mutate-payloads.ts'
export {
  type AppliedMutation,
  MUTATIONS,
  type Mutation,
  type MutationName,
  type MutationOptions,
  type MutationSubject,
  mutationsOf,
  type RandomBelow
} from './mutations.ts'
