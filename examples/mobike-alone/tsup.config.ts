import { programs } from '../programs.ts'

/** `npx tsup --config examples/mobike-alone/tsup.config.ts` */
export default programs('mobike-alone', ['main'])
