import { Anchor, Button, Menu } from '@mantine/core'
import { IconPlus, IconTrash } from '@tabler/icons-react'
import { useEffect, useState, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { AttributeView, GraphView, NodeView } from '#shared/ipc/model-view'
import type { AttributeSchema, OpSchema } from '#shared/onnx/schema/op-schema'
import { formatType } from '../../format/format-type'
import { editDocument } from '../../session/edit-document'
import { activeDocument, useSessionStore } from '../../stores/session-store'
import inspector from '../../inspector/inspector.module.css'
import { Properties, Property, Section } from '../../inspector/property-list'
import { applyFromField } from './apply-from-field'
import { isEditable, isTextType, parseAttribute } from './attribute-text'
import { askAttribute } from './edit-forms'
import { EditableText, SmallButton } from './editable-text'
import styles from './edit.module.css'

interface AttributesSectionProps {
  readonly node: NodeView
  readonly graph: GraphView
}

/** The attributes of a node: each can be changed or taken away, and those its operator knows can be added. */
export function AttributesSection({ node, graph }: AttributesSectionProps): ReactNode {
  const { t } = useTranslation()
  return (
    <Section title={t('inspector.attributes')}>
      <Properties>
        {node.attributes.map((attribute) => (
          <Property key={attribute.name} name={attribute.name}>
            <AttributeField attribute={attribute} node={node} graph={graph} />
          </Property>
        ))}
      </Properties>
      <AddAttribute node={node} />
    </Section>
  )
}

interface AttributeFieldProps extends AttributesSectionProps {
  readonly attribute: AttributeView
}

function AttributeField({ attribute, node, graph }: AttributeFieldProps): ReactNode {
  const { t } = useTranslation('edit')
  const { name, type, text } = attribute
  const remove = (): void => void editDocument(t('labels.remove', { name }), [{ kind: 'removeAttribute', graph: graph.graphId, node: node.id, name }])
  const removeButton = <SmallButton label={t('removeNamed', { name })} icon={<IconTrash size={12} aria-hidden />} onClick={remove} />
  if (!isEditable(attribute) || !isTextType(type)) {
    return (
      <div className={styles.editable}>
        <div className={styles.shown}>
          <AttributeValue attribute={attribute} />
        </div>
        {attribute.graphIds === undefined && <div className={styles.buttons}>{removeButton}</div>}
      </div>
    )
  }
  const submit = async (next: string): Promise<string | null> => {
    const parsed = parseAttribute(name, type, next)
    if (typeof parsed === 'string') return t(`problems.${parsed}`)
    return applyFromField(t('labels.set', { name }), { kind: 'setAttribute', graph: graph.graphId, node: node.id, attribute: parsed })
  }
  return (
    <EditableText label={name} value={text} onSubmit={submit} actions={removeButton}>
      <AttributeValue attribute={attribute} />
    </EditableText>
  )
}

function AttributeValue({ attribute }: { readonly attribute: AttributeView }): ReactNode {
  const { t } = useTranslation()
  const enterSubgraph = useSessionStore((state) => state.enterSubgraph)
  const graphIds = attribute.graphIds ?? []
  if (graphIds.length > 0) {
    return graphIds.map((graphId) => (
      <Anchor key={graphId} component="button" type="button" size="md" onClick={() => enterSubgraph(graphId)}>
        {t('inspector.enterSubgraph')}
      </Anchor>
    ))
  }
  return (
    <span className={attribute.isDefault === true ? inspector.default : undefined} title={attribute.type}>
      {attribute.tensor === undefined ? attribute.text : `${formatType({ type: attribute.tensor.dtype, shape: attribute.tensor.dims })} ${attribute.tensor.values ?? attribute.text}`}
      {attribute.isDefault === true && ` · ${t('inspector.default')}`}
    </span>
  )
}

function AddAttribute({ node }: { readonly node: NodeView }): ReactNode {
  const { t } = useTranslation('edit')
  const schema = useOpSchema(node)
  const set = new Set(node.attributes.map(({ name }) => name))
  const known = [...(schema?.value.attributes.values() ?? [])].filter(({ name, type }) => !set.has(name) && isTextType(type))
  const add = (attribute: AttributeSchema): void => askAttribute(node.id, { name: attribute.name, type: attribute.type, text: schema?.defaultText(attribute) ?? '' })
  return (
    <Menu position="bottom-start">
      <Menu.Target>
        <Button variant="subtle" size="compact-xs" color="gray" leftSection={<IconPlus size={12} aria-hidden />}>
          {t('attribute.add')}
        </Button>
      </Menu.Target>
      <Menu.Dropdown style={{ maxHeight: 320, overflow: 'auto' }}>
        {known.map((attribute) => (
          <Menu.Item key={attribute.name} rightSection={<span className="dim">{attribute.type}</span>} onClick={() => add(attribute)}>
            {attribute.name}
          </Menu.Item>
        ))}
        <Menu.Item onClick={() => askAttribute(node.id, null)}>{t('attribute.other')}</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}

interface LoadedSchema {
  readonly value: OpSchema
  readonly defaultText: (attribute: AttributeSchema) => string
}

/** The schema table is large, so it is fetched when an inspector first needs it; null until then and for unknown operators. */
function useOpSchema({ domain, opType }: NodeView): LoadedSchema | null {
  const opsets = useSessionStore((state) => activeDocument(state)?.summary.opsets)
  const [schema, setSchema] = useState<LoadedSchema | null>(null)
  useEffect(() => {
    let current = true
    void import('./operators').then(({ schemaFor, defaultText }) => {
      const value = schemaFor(domain, opType, opsets ?? [])
      if (current) setSchema(value === null ? null : { value, defaultText })
    })
    return () => {
      current = false
    }
  }, [domain, opType, opsets])
  return schema
}
