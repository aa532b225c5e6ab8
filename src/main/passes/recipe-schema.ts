import { optionsSchema, passes } from './registry'

/** JSON schema (draft 2020-12) of a recipe: the form with a name, or the bare list of passes; each pass with its own options. */
export function recipeSchema(): Record<string, unknown> {
  const list = { type: 'array', minItems: 1, description: 'Passes in the order they run.', items: { anyOf: passes.map(stepSchema) } }
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Edgefit recipe',
    anyOf: [
      {
        type: 'object',
        properties: {
          name: { type: 'string', minLength: 1, maxLength: 80, default: 'custom', description: 'Shown in the tree of variants and in reports.' },
          description: { type: 'string', default: '' },
          passes: list,
        },
        required: ['passes'],
        additionalProperties: false,
      },
      list,
    ],
  }
}

function stepSchema({ name, title, description, options }: (typeof passes)[number]): Record<string, unknown> {
  return {
    title,
    description,
    type: 'object',
    properties: {
      pass: { const: name, description },
      options: { ...optionsSchema(options), default: {}, description: 'What is left out takes its default.' },
    },
    required: ['pass'],
    additionalProperties: false,
  }
}
