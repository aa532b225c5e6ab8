import { Select } from '@mantine/core'
import type { ReactNode } from 'react'
import { METHODS, type Method, type MethodGroup } from './prune-recipe'
import { usePruneTexts } from './prune-texts'
import styles from './prune.module.css'

/** Every way to make a model thinner, and what the chosen one is good for. */
export function MethodChoice({ method, onChange }: { readonly method: Method; readonly onChange: (method: Method) => void }): ReactNode {
  const t = usePruneTexts()
  const groups = Object.keys(METHODS) as MethodGroup[]
  return (
    <div>
      <Select
        size="xs"
        label={t('method')}
        allowDeselect={false}
        maxDropdownHeight={420}
        value={method}
        data={groups.map((group) => ({ group: t(`groups.${group}`), items: METHODS[group].map((name) => ({ value: name, label: t(`methods.${name}`) })) }))}
        onChange={(chosen) => {
          const next = groups.flatMap((group): readonly Method[] => METHODS[group]).find((name) => name === chosen)
          if (next !== undefined) onChange(next)
        }}
      />
      <p className={`${styles.lead} ${styles.methodLead}`}>{t(`methodLeads.${method}`)}</p>
    </div>
  )
}
