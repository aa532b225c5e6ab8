/** onnxruntime's exceptions as errors for people: one sentence, no source paths, a hint where the cause is known. */
import { basename } from 'node:path'
import { AppError, type ErrorCode } from '#shared/errors'

interface KnownCause {
  readonly pattern: RegExp
  readonly code?: ErrorCode
  /** What to say instead of onnxruntime's words, by what the pattern found. */
  readonly message?: (found: RegExpExecArray) => string
  readonly hint: string
}

const KNOWN_CAUSES: readonly KnownCause[] = [
  {
    pattern: /([\w.]*):(\w+)\((-?\d+)\) is not a registered function\/op/,
    message: ([, domain = '', operator = '']) => `the operator ${operator} of domain ${domain || 'ai.onnx'} is unknown to it`,
    hint: 'The model needs a custom operator library, or an export that uses standard ONNX operators only.',
  },
  {
    pattern: /No Op registered for (\w+) with domain_version of (\d+)/,
    message: ([, operator = '', opset = '']) => `the operator ${operator} does not exist in opset ${opset}`,
    hint: 'The model declares the wrong opset, or uses an operator under a wrong name. Export it again.',
  },
  {
    pattern: /Could not find an implementation for (\w+)\((\d+)\) node with name '([^']*)'/,
    message: ([, operator = '', opset = '', node = '']) => `it has no CPU kernel for ${operator} (since opset ${opset}) with these element types, at node '${node}'`,
    hint: 'Change the element types of this node, or convert the model to another opset.',
  },
  {
    pattern: /Missing opset in the model/,
    message: () => 'the model does not say which opset it uses',
    hint: 'It was written by a very old or foreign exporter. Export it again with opset 13 or later.',
  },
  {
    pattern: /opset (\d+) is under development|only \*guarantees\* support for models stamped with official released onnx opset versions|Current official support for domain [\w.]+ is till opset (\d+)/,
    hint: 'The opset is newer than this onnxruntime supports. Convert the model to an older opset.',
  },
  {
    pattern: /Unsupported model IR version: (\d+), max supported IR version: (\d+)/,
    message: ([, version = '', newest = '']) => `the IR version ${version} is newer than the latest it reads (${newest})`,
    hint: 'Save the model with an older version of ONNX, or lower its IR version.',
  },
  {
    pattern: /Failed to construct locale with name:\s*([\w.-]+)/,
    message: ([, locale = '']) => `StringNormalizer needs the locale ${locale}, which this system does not have`,
    hint: 'Install the locale (on Debian: apt-get install locales, then enable en_US.UTF-8) and try again.',
  },
  {
    pattern: /Unsupported data type: (\d+)/,
    message: ([, type = '']) => `an input or output has an element type (code ${type}) that onnxruntime-node cannot pass to JavaScript`,
    hint: 'Put a Cast to float32 at the inputs and outputs that are bfloat16 or float8.',
  },
  {
    pattern: /Protobuf parsing failed|Failed to load model because protobuf parsing failed/,
    message: () => 'the file is not an ONNX model, or it is damaged',
    hint: 'Check that the download is complete and that it is not a Git LFS pointer.',
  },
  {
    pattern: /(?:External data|external data|external initializer|Initializer).*(?:not (?:exist|found)|escapes|Failed to open|outside)|GetExtDataFromTensorProto|open file (.+) fail/,
    hint: 'Keep the external data files in the same folder as the model, with the names that the model gives.',
  },
  {
    pattern: /bad_alloc|[Ff]ailed to allocate memory|Cannot allocate memory|out of memory/,
    code: 'out-of-memory',
    message: () => 'there is not enough memory',
    hint: 'Close other programs, or use smaller inputs.',
  },
]

/** @param doing what was tried, for the head of the message: `load the model`, `run the model`. */
export function toRuntimeError(error: unknown, doing: string): AppError {
  if (error instanceof AppError) return error
  const original = error instanceof Error ? error.message : String(error)
  const reason = cleanReason(original)
  for (const { pattern, code, message, hint } of KNOWN_CAUSES) {
    const found = pattern.exec(original)
    if (!found) continue
    const words = message?.(found) ?? reason
    return new AppError({ code: code ?? 'runtime-rejected', message: `onnxruntime could not ${doing}: ${sentence(words)}`, hint, details: { reason } })
  }
  return new AppError({ code: 'runtime-rejected', message: `onnxruntime could not ${doing}: ${sentence(reason)}`, details: { reason } })
}

/** onnxruntime's words without paths, source locations and C++ signatures. */
export function cleanReason(original: string): string {
  let text = original.replace(/\s+/g, ' ').trim()
  text = text.replace(/^Load model from .*? failed: ?/, '').replace(/^Exception during initialization: /, '').replace(/^Fatal error: /, '')
  text = text.replace(
    /Got invalid dimensions for input: (\S+) for the following indices (.*?) ?Please fix either the inputs\/outputs or the model\./,
    (_, input: string, axes: string) =>
      `input '${input}' has the wrong shape: ${axes.replace(/index: (\d+) Got: (\d+) Expected: (\d+)/g, 'axis $1 is $2 and must be $3').replace(/(\d) axis/g, '$1, axis')}`,
  )
  text = text.replace(/Non-zero status code returned while running (\w+) node\. Name:'([^']*)' Status Message: /g, "$1 '$2' failed: ")
  for (let at = text.search(SOURCE_LOCATION); at >= 0; at = text.search(SOURCE_LOCATION)) {
    const rest = text.slice(at).replace(SOURCE_LOCATION, '')
    text = text.slice(0, at) + withoutSignature(rest)
  }
  text = text.replace(/(?:[A-Za-z]:)?(?:[\\/][\w.@+-]+){2,}/g, (path) => basename(path.replaceAll('\\', '/')))
  return text.length > 400 ? `${text.slice(0, 399)}…` : text
}

const SOURCE_LOCATION = /\S+\.(?:cc|cpp|cxx|h|hpp):\d+ ?/

/** Drops a C++ function signature from the front: everything up to the end of its parameter list and qualifiers. */
function withoutSignature(text: string): string {
  const open = text.indexOf('(')
  if (open < 0 || !text.slice(0, open).includes('::')) return text
  let depth = 0
  for (let at = open; at < text.length; at++) {
    if (text[at] === '(') depth++
    if (text[at] === ')' && --depth === 0) return text.slice(at + 1).replace(/^(?:::<lambda\(.*?\)>| const| \[with [^\]]*\])*\s*/, '')
  }
  return text
}

function sentence(text: string): string {
  return /[.!?…]$/.test(text) ? text : `${text}.`
}
