/**
 * Every form of graph once, here and in the test of smaller weights. The -accurate recipes make the same graphs with other numbers, in
 * minutes; those that only fuse, only prune or time every layer have tests of their own.
 */
import { describeRecipes } from './fixtures/recipes-on-shared-models'

describeRecipes(['int8-dynamic', 'int8-static', 'pruned-int8'])
