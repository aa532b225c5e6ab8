import { Command } from 'commander'
import type { CliContext } from './cli-context'
import { jsonOption } from './options'
import { printJson, say } from './output'
import { withSession } from './session'
import { table } from './text'

export function passesCommand(context: CliContext): Command {
  return new Command('passes')
    .description('List the passes a recipe can be made of, and the built-in recipes.')
    .addOption(jsonOption())
    .action(async ({ json }: { json?: true }) => {
      const { passes, recipes } = await withSession(context, async ({ request }) => ({
        passes: await request('passes.list', {}),
        recipes: await request('recipes.list', {}),
      }))
      if (json) {
        printJson({ passes, recipes })
        return
      }
      say(table([['Pass', 'Calibration', 'What it does'], ...passes.map((pass) => [pass.name, pass.calibration, pass.title])]))
      say('')
      say(table([['Recipe', 'Passes'], ...recipes.map((recipe) => [recipe.name, recipe.passes.map(({ pass }) => pass).join(', ')])]))
    })
}
