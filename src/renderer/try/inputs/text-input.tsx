import { Button, Textarea, UnstyledButton } from '@mantine/core'
import { useState, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { TryInput, TryTask } from '#shared/samples/try'
import styles from '../try.module.css'

interface TextInputProps {
  readonly task: Extract<TryTask, { kind: 'understand-text' | 'translate-text' }>
  readonly onInput: (input: TryInput) => void
}

export function TextInput({ task, onInput }: TextInputProps): ReactNode {
  const { t } = useTranslation('try')
  const [text, setText] = useState('')
  const label = t(task.kind === 'translate-text' ? 'phrase' : 'text')
  const run = (value: string): void => {
    setText(value)
    onInput({ kind: 'text', text: value })
  }
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        run(text)
      }}
    >
      <Textarea
        aria-label={label}
        placeholder={label}
        autosize
        minRows={2}
        maxRows={6}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return
          event.preventDefault()
          run(text)
        }}
      />
      <div className={styles.bar}>
        <span className={`dim ${styles.grow ?? ''}`}>{t('suggestions')}</span>
        <Button type="submit" disabled={text.trim() === ''}>
          {t('run')}
        </Button>
      </div>
      <div className={styles.suggestions}>
        {task.suggestions.map((suggestion) => (
          <UnstyledButton key={suggestion} className={styles.suggestion} title={suggestion} onClick={() => run(suggestion)}>
            {suggestion}
          </UnstyledButton>
        ))}
      </div>
    </form>
  )
}
