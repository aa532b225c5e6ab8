import { Alert, Autocomplete, Button, TextInput } from '@mantine/core'
import { useMemo, useState, type FormEvent, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { ErrorData } from '#shared/errors'
import type { AttributeInput } from '#shared/ipc/edit-commands'
import type { AttributeSchema, OpSchema } from '#shared/onnx/schema/op-schema'
import { tryEdit, shownGraph, type EditCommandInput } from '../../session/edit-document'
import { useEditStore, type AddTarget } from '../../stores/edit-store'
import { activeGraph, useSessionStore } from '../../stores/session-store'
import { opMeaning } from '../op-docs/op-meanings'
import { refusalText } from './apply-from-field'
import { isTextType, parseAttribute } from './attribute-text'
import { readableValues, typeKey } from './edit-forms'
import styles from './edit.module.css'
import { defaultText, schemaFor, type Operator, type Opsets } from './operators'

interface NewNodeFormProps {
  readonly operator: Operator
  readonly opsets: Opsets
  readonly onClose: () => void
}

type Texts = Readonly<Record<string, string>>

/** What a new node needs: its name, what its inputs read, and its attributes by their types. */
export function NewNodeForm({ operator, opsets, onClose }: NewNodeFormProps): ReactNode {
  const { t, i18n } = useTranslation('edit')
  const meaning = opMeaning(operator, i18n.language)
  const target = useEditStore((state) => state.adding)
  const graph = useSessionStore(activeGraph)
  const schema = useMemo(() => schemaFor(operator.domain, operator.opType, opsets), [operator, opsets])
  const values = useMemo(() => (graph === null ? [] : readableValues(graph)), [graph])
  const [name, setName] = useState('')
  const [inputs, setInputs] = useState<readonly string[]>([])
  const [attributes, setAttributes] = useState<Texts>({})
  const [error, setError] = useState<Pick<ErrorData, 'message' | 'hint'> | null>(null)
  const [busy, setBusy] = useState(false)
  const typed = [...(schema?.attributes.values() ?? [])].filter(({ type }) => isTextType(type))
  const problems = attributeProblems(typed, attributes)
  const slots = schema === null ? unknownSlots(inputs) : inputNames(schema)

  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault()
    const shown = shownGraph()
    if (shown === null || target === null) return
    const node = { opType: operator.opType, domain: operator.domain, ...(name !== '' && { name }), inputs: withoutTail(inputs), attributes: attributesOf(typed, attributes) }
    setBusy(true)
    const refused = await tryEdit(t('labels.add', { name: name === '' ? operator.opType : name }), [commandFor(target, shown.graphId, node)])
    setBusy(false)
    setError(refused)
    if (refused === null) onClose()
  }
  return (
    <form className={styles.nodeForm} onSubmit={(event) => void submit(event)} aria-label={operator.opType}>
      <div className={styles.nodeFields}>
        {meaning !== null && <p className={styles.meaning}>{meaning}</p>}
        <TextInput label={t('palette.nodeName')} placeholder={t('palette.nameless')} value={name} onChange={(event) => setName(event.currentTarget.value)} />
        {slots.length > 0 && <h3>{t('palette.inputs')}</h3>}
        <div className={styles.fields}>
          {slots.map(({ label, required }, index) =>
            target?.kind === 'edge' && index === 0 ? (
              <TextInput key={index} label={label} value={target.value} disabled />
            ) : (
              <Autocomplete
                key={index}
                size="xs"
                label={label}
                withAsterisk={required}
                data={values}
                limit={50}
                placeholder={required ? t('palette.unconnected') : t('palette.leftOut')}
                value={inputs[index] ?? ''}
                onChange={(value) => setInputs(withItem(inputs, index, value))}
              />
            ),
          )}
        </div>
        {typed.length > 0 && <h3>{t('palette.attributes')}</h3>}
        <div className={styles.fields}>
          {typed.map((attribute) => (
            <TextInput
              key={attribute.name}
              label={attribute.name}
              withAsterisk={attribute.required}
              description={t(`types.${typeKey(attribute.type)}`)}
              placeholder={defaultText(attribute)}
              error={problems[attribute.name] === undefined ? null : t(`problems.${problems[attribute.name] ?? 'empty'}`)}
              value={attributes[attribute.name] ?? ''}
              onChange={(event) => setAttributes({ ...attributes, [attribute.name]: event.currentTarget.value })}
            />
          ))}
        </div>
        {error !== null && (
          <Alert color="red" mt="md">
            {refusalText(error)}
          </Alert>
        )}
      </div>
      <div className={styles.footer}>
        <Button type="submit" loading={busy} disabled={Object.keys(problems).length > 0}>
          {target?.kind === 'edge' ? t('palette.insert', { name: operator.opType }) : t('palette.add', { name: operator.opType })}
        </Button>
      </div>
    </form>
  )
}

function commandFor(target: AddTarget, graph: number, node: Extract<EditCommandInput, { kind: 'addNode' }>['node']): EditCommandInput {
  return target.kind === 'edge' ? { kind: 'insertNode', graph, value: target.value, node: { ...node, inputs: withItem(node.inputs ?? [], 0, target.value) } } : { kind: 'addNode', graph, node }
}

/** Of operators that nobody described, as many as are filled, and one more. */
function unknownSlots(inputs: readonly string[]): { label: string; required: boolean }[] {
  return Array.from({ length: withoutTail(inputs).length + 1 }, (_, index) => ({ label: String(index), required: false }))
}

function inputNames(schema: OpSchema): { label: string; required: boolean }[] {
  // A list of any length begins with two: more are added in the inspector.
  return schema.inputs.flatMap(({ name, option }, index) => {
    const required = index < schema.minInputs
    return option === 'variadic' ? [0, 1].map((at) => ({ label: `${name} ${at}`, required: required && at === 0 })) : [{ label: name, required }]
  })
}

function attributesOf(schemas: readonly AttributeSchema[], texts: Texts): AttributeInput[] {
  return schemas.flatMap(({ name, type }) => {
    const parsed = parsedText(name, type, texts)
    return parsed === null || typeof parsed === 'string' ? [] : [parsed]
  })
}

function attributeProblems(schemas: readonly AttributeSchema[], texts: Texts): Readonly<Record<string, Extract<ReturnType<typeof parseAttribute>, string>>> {
  return Object.fromEntries(
    schemas.flatMap(({ name, type }) => {
      const parsed = parsedText(name, type, texts)
      return typeof parsed === 'string' ? [[name, parsed]] : []
    }),
  )
}

/** Null where the field is left empty, so that the default counts. */
function parsedText(name: string, type: string, texts: Texts): ReturnType<typeof parseAttribute> | null {
  const text = texts[name] ?? ''
  return text === '' || !isTextType(type) ? null : parseAttribute(name, type, text)
}

function withItem(items: readonly string[], index: number, value: string): string[] {
  const next = Array.from({ length: Math.max(items.length, index + 1) }, (_, at) => items[at] ?? '')
  next[index] = value
  return next
}

function withoutTail(items: readonly string[]): string[] {
  const last = items.findLastIndex((item) => item !== '')
  return items.slice(0, last + 1)
}
