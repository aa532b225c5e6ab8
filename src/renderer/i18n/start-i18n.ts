import i18next from 'i18next'
import { initReactI18next } from 'react-i18next'
import type { Settings } from '#shared/ipc/contract'
import { canvasEn } from '../canvas/i18n/en'
import { editEn } from '../panels/edit/i18n/en'
import { phonesEn } from '../devices/i18n/en'
import { catalogueEn } from './catalogue'
import { en } from './en'
import { setEngineWords } from './engine-words'

export type Language = 'en' | 'zh'

/** English is in the first bundle and the fallback; another language is fetched when it is chosen. */
export async function startI18n(setting: Settings['language']): Promise<void> {
  await i18next.use(initReactI18next).init({
    lng: 'en',
    fallbackLng: 'en',
    ns: ['app', 'canvas', 'catalogue', 'edit', 'phones'],
    defaultNS: 'app',
    resources: { en: { app: en, canvas: canvasEn, catalogue: catalogueEn, edit: editEn, phones: phonesEn } },
    interpolation: { escapeValue: false },
    returnNull: false,
  })
  await changeLanguage(setting)
}

export async function changeLanguage(setting: Settings['language']): Promise<void> {
  const language = chosenLanguage(setting, navigator.languages)
  if (language === 'zh' && !i18next.hasResourceBundle('zh', 'app')) {
    const [{ zh }, { canvasZh }, { catalogueZh }, { editZh }, { phonesZh }, { engineZh }, { zodZh }] = await Promise.all([import('./zh'), import('../canvas/i18n/zh'), import('./catalogue-zh'), import('../panels/edit/i18n/zh'), import('../devices/i18n/zh'), import('./engine-zh'), import('./zod-zh')])
    setEngineWords({ ...engineZh, ...zodZh })
    i18next.addResourceBundle('zh', 'app', zh)
    i18next.addResourceBundle('zh', 'canvas', canvasZh)
    i18next.addResourceBundle('zh', 'catalogue', catalogueZh)
    i18next.addResourceBundle('zh', 'edit', editZh)
    i18next.addResourceBundle('zh', 'phones', phonesZh)
  }
  await i18next.changeLanguage(language)
  document.documentElement.lang = language === 'zh' ? 'zh-CN' : 'en'
}

/** The first of the system's languages that we speak, unless one was chosen. */
export function chosenLanguage(setting: Settings['language'], system: readonly string[]): Language {
  if (setting !== 'system') return setting
  const spoken = system.map((tag) => tag.toLowerCase().split('-')[0]).find((tag) => tag === 'en' || tag === 'zh')
  return spoken === 'zh' ? 'zh' : 'en'
}
