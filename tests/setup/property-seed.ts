/** Property tests draw the same cases every time, so that a change is judged by what it changed; `FAST_CHECK_SEED` draws others. */
import { configureGlobal } from 'fast-check'

configureGlobal({ seed: Number(process.env['FAST_CHECK_SEED'] ?? 20_261_122) })
