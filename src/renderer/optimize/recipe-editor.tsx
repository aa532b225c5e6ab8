import { useTranslation } from 'react-i18next'
import type { ReactNode } from 'react'
import { CodeEditor } from '../monaco/code-editor'
import styles from './optimize-dialog.module.css'

interface RecipeEditorProps {
  readonly text: string
  /** JSON schema of recipes, for completion and marks. */
  readonly schema: Readonly<Record<string, unknown>>
  readonly onChange: (text: string) => void
}

/** The recipe as JSON, completed from its schema. */
export default function RecipeEditor({ text, schema, onChange }: RecipeEditorProps): ReactNode {
  const { t } = useTranslation()
  return <CodeEditor className={styles.editor ?? ''} language="json" path="recipe.json" text={text} schema={schema} label={t('optimize.json')} onChange={onChange} />
}
