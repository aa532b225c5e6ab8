import { z } from 'zod'

type Scalar = string | number | boolean

interface FieldBase {
  readonly name: string
  readonly description: string
}

/** One input of the form that stands for an option of a pass. */
export type OptionField = FieldBase &
  (
    | { readonly kind: 'boolean'; readonly default: boolean }
    | { readonly kind: 'choice'; readonly choices: readonly Scalar[]; readonly default: Scalar | null }
    | { readonly kind: 'number'; readonly integer: boolean; readonly min: number | null; readonly max: number | null; readonly default: number | null; readonly nullable: boolean }
    | { readonly kind: 'text'; readonly default: string }
    /** `choices` where only these may be in the list. */
    | { readonly kind: 'list'; readonly choices: readonly string[] | null; readonly default: readonly string[] }
    /** What the form has no input for is edited in the JSON. */
    | { readonly kind: 'other' }
  )

const ScalarSchema = z.union([z.string(), z.number(), z.boolean()])

/** The parts of JSON schema that options use. */
const Property = z.object({
  type: z.string().optional(),
  description: z.string().default(''),
  default: z.unknown(),
  enum: z.array(ScalarSchema).optional(),
  const: ScalarSchema.optional(),
  minimum: z.number().optional(),
  maximum: z.number().optional(),
  exclusiveMinimum: z.number().optional(),
  items: z.object({ type: z.string().optional(), enum: z.array(z.string()).optional() }).optional(),
  anyOf: z.array(z.object({ type: z.string().optional(), const: ScalarSchema.optional(), enum: z.array(ScalarSchema).optional(), minimum: z.number().optional(), maximum: z.number().optional(), exclusiveMinimum: z.number().optional() })).optional(),
})
type Property = z.infer<typeof Property>

const OptionsSchema = z.object({ properties: z.record(z.string(), Property).default({}) })

/** The inputs for a pass's options, in the schema's order. */
export function optionFields(schema: Readonly<Record<string, unknown>>): readonly OptionField[] {
  return Object.entries(OptionsSchema.parse(schema).properties).map(([name, property]) => optionField(name, property))
}

/** `reduceRange` as a label: `Reduce range`. */
export function optionLabel(name: string): string {
  const words = name.replace(/([a-z0-9])([A-Z])/g, '$1 $2').toLowerCase()
  return words.charAt(0).toUpperCase() + words.slice(1)
}

function optionField(name: string, property: Property): OptionField {
  const base = { name, description: property.description }
  const choices = scalarChoices(property)
  if (choices !== null) return { ...base, kind: 'choice', choices, default: ScalarSchema.safeParse(property.default).data ?? null }
  const orNull = numberOrNull(property)
  const { type, minimum, exclusiveMinimum, maximum } = orNull ?? property
  switch (type) {
    case 'boolean':
      return { ...base, kind: 'boolean', default: property.default === true }
    case 'integer':
    case 'number':
      return {
        ...base,
        kind: 'number',
        integer: type === 'integer',
        min: minimum ?? exclusiveMinimum ?? null,
        max: maximum ?? null,
        default: typeof property.default === 'number' ? property.default : null,
        nullable: orNull !== null,
      }
    case 'string':
      return { ...base, kind: 'text', default: typeof property.default === 'string' ? property.default : '' }
    case 'array':
      if (property.items?.type !== 'string') return { ...base, kind: 'other' }
      return { ...base, kind: 'list', choices: property.items.enum ?? null, default: z.array(z.string()).safeParse(property.default).data ?? [] }
    default:
      return { ...base, kind: 'other' }
  }
}

/** The number of a `number | null`. */
function numberOrNull({ anyOf }: Property): NonNullable<Property['anyOf']>[number] | null {
  const [branch, ...more] = anyOf?.filter(({ type }) => type !== 'null') ?? []
  return more.length === 0 && (branch?.type === 'number' || branch?.type === 'integer') ? branch : null
}

/** All values where there are but few: an enumeration, or a union such as `'auto' | true | false`. */
function scalarChoices(property: Property): readonly Scalar[] | null {
  if (property.enum !== undefined) return property.enum
  if (property.const !== undefined) return [property.const]
  if (property.anyOf === undefined) return null
  const choices: Scalar[] = []
  for (const branch of property.anyOf) {
    if (branch.enum !== undefined) choices.push(...branch.enum)
    else if (branch.const !== undefined) choices.push(branch.const)
    else if (branch.type === 'boolean') choices.push(true, false)
    else return null
  }
  return choices
}
