import { programs } from '../programs.ts'

/** `npx tsup --config examples/demo/tsup.config.ts` */
export default programs('demo', ['roaming'])
