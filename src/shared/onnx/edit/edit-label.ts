import type { EditCommand } from '../../ipc/edit-commands'

/** What the history calls an edit that was given no label. */
export function editLabel(commands: readonly EditCommand[]): string {
  const [first] = commands
  if (!first) return 'Nothing'
  const words = wordsOf(first)
  return commands.length === 1 ? words : `${words} and ${commands.length - 1} more`
}

function wordsOf(command: EditCommand): string {
  switch (command.kind) {
    case 'addNode':
      return `Add ${command.node.opType}`
    case 'insertNode':
      return `Insert ${command.node.opType} at '${command.value}'`
    case 'removeNodes':
      return command.nodes.length === 1 ? 'Remove node' : `Remove ${command.nodes.length} nodes`
    case 'renameNode':
      return `Rename node to '${command.name}'`
    case 'setOperator':
      return `Change operator to ${command.opType}`
    case 'setAttribute':
      return `Set ${command.attribute.name}`
    case 'removeAttribute':
      return `Remove ${command.name}`
    case 'renameValue':
      return `Rename '${command.from}' to '${command.to}'`
    case 'setMetadata':
      return `${command.value === null ? 'Remove' : 'Set'} metadata '${command.key}'`
    case 'convertOpset':
      return `Convert to opset ${command.version}`
    case 'wrapFunction':
      return `Make function ${command.name}`
    case 'setDimension':
      return `Set dimension ${command.axis} of '${command.input}' to ${command.dim}`
    case 'setSymbol':
      return `Set '${command.symbol}' to ${command.dim}`
    default:
      return 'name' in command ? `${spaced(command.kind)} '${String(command.name)}'` : spaced(command.kind)
  }
}

/** `reorderInputs` → `Reorder inputs`. */
function spaced(kind: string): string {
  const text = kind.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
  return text.charAt(0).toUpperCase() + text.slice(1)
}
