import { Accordion } from '@mantine/core'
import type { ReactNode } from 'react'
import styles from './folded-section.module.css'

/** What few people look for, below its title until that is pressed. */
export function FoldedSection({ title, children }: { readonly title: string; readonly children: ReactNode }): ReactNode {
  return (
    <Accordion variant="default" chevronSize={14} classNames={{ control: styles.control ?? '', label: styles.label ?? '', content: styles.content ?? '' }}>
      <Accordion.Item value="folded">
        <Accordion.Control>{title}</Accordion.Control>
        <Accordion.Panel>{children}</Accordion.Panel>
      </Accordion.Item>
    </Accordion>
  )
}
