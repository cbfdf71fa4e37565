import { programs } from '../programs.ts'

/** `npx tsup --config examples/driver/tsup.config.ts` */
export default programs('driver', ['client', 'gateway'])
