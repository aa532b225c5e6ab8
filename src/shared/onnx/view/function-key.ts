import type { FunctionDefinition } from '../records'

/** What tells functions of a model apart; '' and 'ai.onnx' are one domain. */
export function functionKeyOf({ domain, name, overload }: Pick<FunctionDefinition, 'domain' | 'name' | 'overload'>): string {
  return `${domain === 'ai.onnx' ? '' : domain}:${name}:${overload}`
}
