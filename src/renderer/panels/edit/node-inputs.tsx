import { Button } from '@mantine/core'
import { IconPlus } from '@tabler/icons-react'
import { useState, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { GraphView, NodeView } from '#shared/ipc/model-view'
import inspector from '../../inspector/inspector.module.css'
import { Section } from '../../inspector/property-list'
import { ValueButton } from '../../inspector/value-entry'
import { nodeLabel } from '../../session/graph-lookup'
import { applyFromField } from './apply-from-field'
import { readableValues } from './edit-forms'
import { EditableText } from './editable-text'
import styles from './edit.module.css'

interface NodeInputsProps {
  readonly node: NodeView
  readonly graph: GraphView
}

/** What a node reads, each input open to be given another value. */
export function NodeInputs({ node, graph }: NodeInputsProps): ReactNode {
  const { t } = useTranslation()
  const { t: tEdit } = useTranslation('edit')
  const [extra, setExtra] = useState(false)
  const names = graph.inputNames?.[`${node.domain}:${node.opType}`] ?? []
  const shown = extra ? [...node.inputs, ''] : node.inputs
  const submit = async (input: number, value: string): Promise<string | null> => {
    const problem = await applyFromField(tEdit('labels.rewire', { node: nodeLabel(node), input: names[input] ?? String(input) }), { kind: 'setInput', graph: graph.graphId, node: node.id, input, value })
    if (problem === null) setExtra(false)
    return problem
  }
  return (
    <Section title={t('inspector.inputs')}>
      <ul className={inspector.entries}>
        {shown.map((name, index) => (
          <li key={`${index}-${name}`}>
            <EditableText label={tEdit('input', { name: names[index] ?? String(index) })} value={name} onSubmit={(value) => submit(index, value)} options={() => readableValues(graph)}>
              <ValueButton graph={graph} name={name} index={index} absentText={t('inspector.leftOut')} />
            </EditableText>
          </li>
        ))}
      </ul>
      {!extra && (
        <div className={styles.addRow}>
          <Button variant="subtle" size="compact-xs" color="gray" leftSection={<IconPlus size={12} aria-hidden />} onClick={() => setExtra(true)}>
            {tEdit('addInput')}
          </Button>
        </div>
      )}
    </Section>
  )
}
