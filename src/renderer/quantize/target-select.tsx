import { Button, Select } from '@mantine/core'
import { useEffect, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { type DeviceEntry, phoneName } from '#shared/device'
import type { Recipe } from '#shared/recipe'
import { learnAboutPhone, lookForPhones } from '../devices/devices-session'
import { variantTitle } from '../optimize/catalogue-text'
import { draftOfRecipe } from '../optimize/recipe-draft'
import type { Catalogue } from '../stores/app-store'
import { useDevicesStore } from '../stores/devices-store'
import { coreOptions, isStatic, precisionOf, recipeFor, suits, withCoreOption, withSuggestion } from './quantize-choice'
import styles from './quantize.module.css'
import { useQuantizeStore } from './quantize-store'

const PLACES = ['cpu', 'cpu-avx2', 'xnnpack', 'nnapi', 'qnn', 'coreml', 'webgpu'] as const
type Place = (typeof PLACES)[number]
const PHONE = 'phone:'
const NO_PHONES: readonly DeviceEntry[] = []

type Phone = Pick<DeviceEntry, 'serial' | 'name'>

interface TargetSelectProps {
  readonly recipe: Recipe
  readonly catalogue: Catalogue
  readonly modelPath: string
  readonly onChange: (recipe: Recipe) => void
}

/** Computers, the phones there are, and providers by name: those matter only where ranges are fixed beforehand. */
export function TargetSelect({ recipe, catalogue, modelPath, onChange }: TargetSelectProps): ReactNode {
  const { t } = useTranslation('quantize')
  const devices = useKnownPhones()
  const chosen = useQuantizeStore((state) => state.phones[modelPath]) ?? null
  const setPhone = useQuantizeStore((state) => state.setPhone)
  const place = PLACES.find((name) => name === coreOptions(recipe)['target']) ?? 'cpu'
  const serial = place === 'cpu' ? (chosen?.serial ?? null) : null
  const entry = (name: Place) => ({ value: name, label: t(`targets.${name}`) })
  const phones = devices.map((device) => ({ value: `${PHONE}${device.serial}`, label: t('phone', { name: phoneLabel(device, devices) }) }))
  const isAway = serial !== null && !phones.some(({ value }) => value === `${PHONE}${serial}`)
  if (isAway) phones.push({ value: `${PHONE}${serial}`, label: t('phoneAway', { name: chosen?.name }) })
  const choose = (value: string | null): void => {
    const device = value?.startsWith(PHONE) === true ? devices.find((candidate) => candidate.serial === value.slice(PHONE.length)) : undefined
    setPhone(modelPath, device === undefined ? null : { serial: device.serial, name: phoneLabel(device, devices) })
    const target = PLACES.find((name) => name === value) ?? 'cpu'
    if (isStatic(recipe)) onChange(withCoreOption(recipe, 'target', target === 'cpu' ? undefined : target, catalogue.recipes))
    if (device !== undefined) void takeOverSuggestion(modelPath, device.serial, catalogue)
  }
  return (
    <>
      <Select
        label={t('target')}
        allowDeselect={false}
        value={serial === null ? place : `${PHONE}${serial}`}
        data={[
          { group: t('targetGroups.here'), items: [entry('cpu'), ...(isStatic(recipe) ? [entry('cpu-avx2')] : [])] },
          ...(phones.length === 0 ? [] : [{ group: t('targetGroups.phones'), items: phones }]),
          ...(isStatic(recipe) ? [{ group: t('targetGroups.providers'), items: PLACES.slice(2).map(entry) }] : []),
        ]}
        description={serial !== null || place === 'cpu' || place === 'cpu-avx2' ? undefined : t('untried')}
        // The server of adb is started for those who want a phone.
        onDropdownOpen={lookForPhones}
        onChange={choose}
      />
      {serial !== null && (isAway ? <p className={`${styles.note} warning`}>{t('phoneAwayHint')}</p> : <PhonePlan serial={serial} recipe={recipe} catalogue={catalogue} onChange={onChange} />)}
    </>
  )
}

interface PhonePlanProps {
  readonly serial: string
  readonly recipe: Recipe
  readonly catalogue: Catalogue
  readonly onChange: (recipe: Recipe) => void
}

/** How it will be measured there, and what the rules say of this phone's processor. */
function PhonePlan({ serial, recipe, catalogue, onChange }: PhonePlanProps): ReactNode {
  const { t, i18n } = useTranslation('quantize')
  const plan = useDevicesStore((state) => state.plans[serial])
  if (plan === undefined) return <p className={styles.note}>{t('phoneReading')}</p>
  const { recipe: suggestion, threads, adapter, provider } = plan
  const why = plan.reasons.find(({ decides }) => decides.includes('recipe'))?.why
  const words = { adapter: t(`adapters.${adapter}`), provider: provider === 'cpu' ? 'CPU' : provider, threads: threads === 0 ? t('threadsAuto') : t('threads', { count: threads }) }
  return (
    <div className={styles.plan}>
      <p className={styles.note}>{t('phoneHint', words)}</p>
      {suggestion !== null && why !== undefined && (
        <p className={styles.note}>
          {t(suits(recipe, suggestion, catalogue) ? 'suited' : 'unsuited', { recipe: variantTitle(suggestion.name), why: i18n.language === 'zh' ? why.zh : why.en })}
        </p>
      )}
      {suggestion !== null && !suits(recipe, suggestion, catalogue) && (
        <Button variant="default" size="compact-xs" onClick={() => onChange(withSuggestion(recipe, suggestion, catalogue))}>
          {t('useSuggestion')}
        </Button>
      )}
    </div>
  )
}

/** What suits the phone, where that changes only types, or nothing was chosen yet; else it is offered. */
async function takeOverSuggestion(modelPath: string, serial: string, catalogue: Catalogue): Promise<void> {
  if (useDevicesStore.getState().plans[serial] === undefined) await learnAboutPhone(serial)
  const suggestion = useDevicesStore.getState().plans[serial]?.recipe ?? null
  const { drafts, phones, setDraft } = useQuantizeStore.getState()
  const initial = recipeFor('int8', catalogue.recipes)
  const draft = drafts[modelPath]
  const recipe = draft === undefined ? initial : draft.recipe
  if (suggestion === null || recipe === null || initial === null || phones[modelPath]?.serial !== serial) return
  const next = withSuggestion(recipe, suggestion, catalogue)
  if (recipe === initial || precisionOf(next) === precisionOf(recipe)) setDraft(modelPath, draftOfRecipe(next))
}

/** Phones that are ready, by what they call themselves as soon as they were asked. */
function useKnownPhones(): readonly Phone[] {
  const devices = useDevicesStore((state) => state.list?.devices ?? NO_PHONES)
  const facts = useDevicesStore((state) => state.facts)
  const ready = devices.filter(({ state }) => state === 'ready')
  const unknown = ready.filter(({ serial }) => facts[serial] === undefined).map(({ serial }) => serial).join('\n')
  useEffect(() => {
    for (const serial of unknown.split('\n').filter((text) => text !== '')) void learnAboutPhone(serial)
  }, [unknown])
  return ready.map(({ serial, name }) => ({ serial, name: facts[serial] === undefined ? name : phoneName(facts[serial]) }))
}

/** Phones of one model are told apart by their serials. */
function phoneLabel({ name, serial }: Phone, devices: readonly Phone[]): string {
  return devices.some((other) => other.serial !== serial && other.name === name) ? `${name} · ${serial}` : name
}
