/**
 * Words for what the engine names: recipes, passes and their options. The engine describes them in English, which stands
 * wherever a language has nothing here.
 */
export interface CatalogueTexts {
  readonly recipes: Readonly<Record<string, { readonly title: string; readonly description: string }>>
  /** Recipes that the Prune panel puts together; {{percent}} is the number their name ends with. */
  readonly madeRecipes: Readonly<Record<string, string>>
  readonly passes: Readonly<Record<string, { readonly title: string; readonly description: string; readonly options: Readonly<Record<string, string>> }>>
  readonly optionLabels: Readonly<Record<string, string>>
  /** Words for what an option can be, by option; where there are none a choice stands as recipes have it. */
  readonly optionChoices: Readonly<Record<string, Readonly<Record<string, string>>>>
}

export const catalogueEn: CatalogueTexts = {
  recipes: {
    simplify: { title: 'Simplify', description: 'The same results from fewer nodes: constants and shapes worked out, what changes nothing removed, normalization and GELU in one node each. Standard operators only.' },
    'fuse-for-onnxruntime': { title: 'Fuse for onnxruntime', description: "As Simplify, with attention, sums before normalizations, biases before GELU and activations after Conv in onnxruntime's own operators. Runs in onnxruntime only." },
    'int8-dynamic': { title: 'Dynamic int8', description: 'Weights as 8-bit integers, activations quantized at run time. Needs no data.' },
    'int8-static': { title: 'Static int8', description: 'Weights and activations as 8-bit integers, with ranges from calibration data. What phone kernels and NPUs are made for.' },
    'int8-static-accurate': { title: 'Static int8, accurate', description: 'As static int8, with channels evened out and outliers moved into weights before, and biases corrected after. Takes longer to make; runs as fast.' },
    'int4-weights': { title: 'int4 weights', description: 'Weights of MatMul, Gemm and embeddings in 4 bits; activations stay float. Needs no data. About a sixth of the size of a transformer.' },
    'int4-weights-accurate': { title: 'int4 weights, accurate', description: 'As int4 weights, with codes chosen by what calibration data shows of the inputs (GPTQ). Takes longer to make; runs as fast.' },
    float16: { title: 'float16', description: 'Half the size, computed in half precision where values fit. For GPUs and NPUs; most CPUs are slower with it.' },
    'float16-storage': { title: 'float16 storage', description: 'Half the size: weights in 16 bits, computed in float32 as before. Needs no data. As fast as before on every processor.' },
    'sparse-50': { title: 'Half sparse', description: 'Half of the weights set to zero, those whose absence the outputs notice least. Compresses better in packages; no faster on a CPU.' },
    'prune-20': { title: 'Prune a fifth', description: 'A fifth of the multiply–accumulates taken out as whole channels, and the layers behind fitted from samples. Faster on every processor.' },
    'prune-50-recovered': { title: 'Prune half', description: 'Half of the multiply–accumulates taken out as whole channels, and the layers behind fitted from samples. About twice as fast: check the accuracy.' },
    'pruned-int8': { title: 'Prune, then static int8', description: 'Three tenths of the multiply–accumulates go, then weights and activations become 8-bit integers. The savings of size multiply.' },
    'low-rank': { title: 'Low rank', description: 'Layers written as two or three smaller ones where calibration data allows it and this computer runs them faster; the rest stays.' },
  },
  madeRecipes: {
    prune: 'Pruned by {{percent}} %',
    'prune-heads': 'Heads pruned by {{percent}} %',
    'prune-hidden-units': 'Hidden units pruned by {{percent}} %',
    'remove-blocks': 'Blocks removed',
    'factor-layers': 'Low rank, any form',
    'factor-low-rank': 'Low rank, fewer channels',
    'factor-spatial': 'Low rank, spatial',
    'factor-tucker': 'Low rank, Tucker-2',
    decouple: 'Depthwise pairs',
    sparsegpt: '{{percent}} % zeros (SparseGPT)',
    wanda: '{{percent}} % zeros (Wanda)',
    magnitude: '{{percent}} % zeros (magnitude)',
    'sparse-two-of-four': '2 of each 4 weights',
    'sparse-one-of-four': '1 of each 4 weights',
  },
  passes: {},
  optionLabels: { targetSqnrDb: 'Target SQNR, dB', higher: 'Most sensitive layers get' },
  optionChoices: {},
}
