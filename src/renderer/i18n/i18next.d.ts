import type { canvasEn } from '../canvas/i18n/en'
import type { phonesEn } from '../devices/i18n/en'
import type { editEn } from '../panels/edit/i18n/en'
import type { quantizeEn } from '../quantize/i18n/en'
import type { simplifyEn } from '../simplify/i18n/en'
import type { tryEn } from '../try/i18n/en'
import type { pruneEn } from '../prune/i18n/en'
import type { evaluateEn } from '../evaluate/i18n/en'
import type { variantsEn } from '../variants/i18n/en'
import type { profileViewsEn } from '../profile/i18n/en'
import type { en } from './en'

declare module 'i18next' {
  interface CustomTypeOptions {
    defaultNS: 'app'
    returnNull: false
    resources: { app: typeof en; canvas: typeof canvasEn; edit: typeof editEn; try: typeof tryEn; quantize: typeof quantizeEn; simplify: typeof simplifyEn; phones: typeof phonesEn; evaluate: typeof evaluateEn; prune: typeof pruneEn; variants: typeof variantsEn; profileViews: typeof profileViewsEn }
  }
}
