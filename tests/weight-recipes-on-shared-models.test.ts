/** Recipes that make weights smaller and leave the arithmetic in floats. */
import { describeRecipes } from './fixtures/recipes-on-shared-models'

describeRecipes(['int4-weights', 'float16', 'float16-storage', 'sparse-50'])
