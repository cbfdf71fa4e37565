export { mlKem512, mlKem768, mlKem1024 } from './ml-kem.ts'
