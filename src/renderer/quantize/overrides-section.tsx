import { ActionIcon, Button, Group } from '@mantine/core'
import { IconX } from '@tabler/icons-react'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { Recipe } from '#shared/recipe'
import { Section } from '../inspector/property-list'
import { selectedNodeIds, useSelectionStore } from '../stores/selection-store'
import { activeGraph, useSessionStore } from '../stores/session-store'
import { isStatic, overridesOf, withOverride, type Override } from './quantize-choice'
import styles from './quantize.module.css'

interface OverridesSectionProps {
  readonly recipe: Recipe
  readonly builtIn: readonly Recipe[]
  readonly onChange: (recipe: Recipe) => void
}

/** Nodes, operators and values that are treated differently, and what makes the selected nodes so. */
export function OverridesSection({ recipe, builtIn, onChange }: OverridesSectionProps): ReactNode {
  const { t } = useTranslation('quantize')
  const graph = useSessionStore(activeGraph)
  const selection = useSelectionStore((state) => state.selection)
  const ids = new Set(selectedNodeIds(selection))
  const nodes = graph?.nodes.filter(({ id }) => ids.has(id)) ?? []
  const named = nodes.filter(({ name }) => name !== '')
  const operators = new Set(nodes.map(({ opType }) => opType))
  const [operator] = operators
  const overrides = overridesOf(recipe)
  const set = (setting: Override['setting']): void => onChange(named.reduce((so, { name }) => withOverride(so, { kind: 'node', name, setting }, builtIn), recipe))
  return (
    <Section title={t('overrides')}>
      {nodes.length === 0 && overrides.length === 0 && <p className={styles.note}>{t('overridesNone')}</p>}
      {nodes.length > 0 && (
        <>
          <p className={styles.note}>{nodes.length > named.length ? t('unnamed') : t('selected', { count: nodes.length })}</p>
          <Group gap={8} mb={8}>
            <Button variant="default" disabled={named.length === 0} onClick={() => set({ keepFloat: true })}>
              {t('keepFloat')}
            </Button>
            {isStatic(recipe) && (
              <Button variant="default" disabled={named.length === 0} onClick={() => set({ activationType: 'uint16' })}>
                {t('wide')}
              </Button>
            )}
            {isStatic(recipe) && operators.size === 1 && operator !== undefined && (
              <Button variant="default" onClick={() => onChange(withOverride(recipe, { kind: 'operator', name: operator, setting: { keepFloat: true } }, builtIn))}>
                {`${t('allOf', { op: operator })}: ${t('keepFloat')}`}
              </Button>
            )}
          </Group>
        </>
      )}
      <ul className={styles.overrides}>
        {overrides.map((override) => (
          <li key={`${override.kind} ${override.name}`} className={styles.override}>
            <span className="ellipsis" title={override.name}>
              {override.kind === 'operator' ? t('allOf', { op: override.name }) : override.name}
            </span>
            <Setting setting={override.setting} />
            <ActionIcon size={22} aria-label={t('remove', { name: override.name })} onClick={() => onChange(withOverride(recipe, { ...override, setting: null }, builtIn))}>
              <IconX size={14} aria-hidden />
            </ActionIcon>
          </li>
        ))}
      </ul>
    </Section>
  )
}

function Setting({ setting }: { readonly setting: Override['setting'] }): ReactNode {
  const { t } = useTranslation('quantize')
  const { keepFloat, activationType, calibration } = setting
  if (keepFloat === true) return <span className="dim">{t('keepFloat')}</span>
  if (activationType === 'uint16' || activationType === 'int16') return <span className="dim">{t('wide')}</span>
  if (calibration === 'min-max' || calibration === 'moving-average' || calibration === 'percentile' || calibration === 'mse' || calibration === 'entropy') return <span className="dim">{t('range', { method: t(`methods.${calibration}`) })}</span>
  return <span className="dim">{t('ownSetting')}</span>
}
