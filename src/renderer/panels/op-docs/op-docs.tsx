import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { NodeView } from '#shared/ipc/model-view'
import { opVersions, type OpSchema, type ParameterSchema } from '#shared/onnx/schema/op-schema'
import { attributeText } from '#shared/onnx/view/attribute-view'
import { activeDocument, useSessionStore } from '../../stores/session-store'
import { schemaFor } from '../edit/operators'
import { opMeaning } from './op-meanings'
import styles from './op-docs.module.css'
import { typeList } from './type-list'

/** What the standard says of a node's operator: its version, inputs, outputs and attributes with their defaults. */
export default function OpDocs({ node }: { readonly node: NodeView }): ReactNode {
  const { t, i18n } = useTranslation('canvas')
  const opsets = useSessionStore((state) => activeDocument(state)?.summary.opsets)
  const schema = schemaFor(node.domain, node.opType, opsets ?? [])
  if (schema === null) return <p className={styles.none}>{t('docs.none')}</p>
  const meaning = opMeaning(node, i18n.language)
  return (
    <div className={styles.docs}>
      {meaning !== null && <p className={styles.meaning}>{meaning}</p>}
      <p className={styles.since}>
        {t('docs.since', { version: schema.sinceVersion })} · {t('docs.versions', { versions: opVersions(node.domain, node.opType).join(', ') })}
        {schema.deprecated && <strong> · {t('docs.deprecated')}</strong>}
      </p>
      <Parameters title={t('docs.inputs')} parameters={schema.inputs} />
      <Parameters title={t('docs.outputs')} parameters={schema.outputs} />
      <Attributes schema={schema} />
    </div>
  )
}

function Parameters({ title, parameters }: { readonly title: string; readonly parameters: readonly ParameterSchema[] }): ReactNode {
  const { t } = useTranslation('canvas')
  if (parameters.length === 0) return null
  return (
    <>
      <h4 className={styles.title}>{title}</h4>
      <dl className={styles.list}>
        {parameters.map(({ name, types, option }) => (
          <div key={name} className={styles.entry}>
            <dt>
              {name} {option !== 'single' && <span className={styles.option}>{t(`docs.${option}`)}</span>}
            </dt>
            <dd>{typeList(types).join(', ')}</dd>
          </div>
        ))}
      </dl>
    </>
  )
}

function Attributes({ schema }: { readonly schema: OpSchema }): ReactNode {
  const { t } = useTranslation('canvas')
  if (schema.attributes.size === 0) return null
  return (
    <>
      <h4 className={styles.title}>{t('docs.attributes')}</h4>
      <dl className={styles.list}>
        {[...schema.attributes.values()].map((attribute) => (
          <div key={attribute.name} className={styles.entry}>
            <dt>
              {attribute.name} <span className={styles.option}>{attribute.type}</span>
            </dt>
            <dd>
              {attribute.required ? t('docs.required') : attribute.default === null ? t('docs.optional') : t('docs.default', { value: attributeText(attribute.default) })}
            </dd>
          </div>
        ))}
      </dl>
    </>
  )
}
