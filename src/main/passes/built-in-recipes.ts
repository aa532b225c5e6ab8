import type { Recipe } from '#shared/recipe'

const cleanUp = [
  { pass: 'fold-constants', options: {} },
  { pass: 'eliminate-dead-nodes', options: {} },
  { pass: 'fold-batch-normalization', options: {} },
  { pass: 'fuse-bias-add', options: {} },
]

/** Static quantization leaves tables of embeddings float: no range is needed of them. */
const tables = { pass: 'quantize-dynamic', options: { opTypes: ['Gather'] } }

/** Everything that makes the graph smaller and leaves its results, in standard operators of an opset that every runtime of today knows. */
const simplify = [
  ...cleanUp,
  { pass: 'simplify-shapes', options: {} },
  { pass: 'fold-constants', options: {} },
  { pass: 'eliminate-dead-nodes', options: {} },
  // It raises the opset, which the next one has use for.
  { pass: 'fuse-layer-normalization', options: {} },
  { pass: 'simplify-data-movement', options: {} },
  { pass: 'sink-transposes', options: {} },
  { pass: 'remove-identities', options: {} },
  { pass: 'fold-pads', options: {} },
]
const cleanUpAfter = [
  { pass: 'eliminate-common-subexpressions', options: {} },
  { pass: 'eliminate-dead-nodes', options: {} },
]

export const builtInRecipes: readonly Recipe[] = [
  {
    name: 'int8-dynamic',
    description: 'Weights as 8-bit integers, activations quantized at run time. No data needed. About a quarter of the size.',
    passes: [...cleanUp, { pass: 'quantize-dynamic', options: {} }, { pass: 'eliminate-dead-nodes', options: {} }],
  },
  {
    name: 'int8-static',
    description: 'Weights and activations as 8-bit integers, with ranges from calibration data. About a quarter of the size, and the fastest on phones.',
    passes: [...cleanUp, { pass: 'fuse-matmul-add', options: {} }, { pass: 'quantize-static', options: {} }, tables, { pass: 'eliminate-dead-nodes', options: {} }],
  },
  {
    name: 'int8-static-accurate',
    description: 'As int8-static, with ranges of channels evened out and outliers moved into weights before, and biases corrected after. Takes longer to make; runs as fast.',
    passes: [...cleanUp, { pass: 'fuse-matmul-add', options: {} }, { pass: 'equalize-layers', options: {} }, { pass: 'smooth-activations', options: {} }, { pass: 'quantize-static', options: {} }, tables, { pass: 'correct-bias', options: {} }, { pass: 'eliminate-dead-nodes', options: {} }],
  },
  {
    name: 'int4-weights',
    description: 'Weights of MatMul, Gemm and embeddings in 4 bits, a scale for each 32; activations stay float. No data needed. About a sixth of the size of a transformer.',
    passes: [...cleanUp, { pass: 'quantize-weights', options: {} }, { pass: 'eliminate-dead-nodes', options: {} }],
  },
  {
    name: 'int4-weights-accurate',
    description: 'As int4-weights, with codes chosen by what calibration data shows of the inputs (GPTQ). Takes longer to make; runs as fast.',
    passes: [...cleanUp, { pass: 'quantize-weights', options: { method: 'gptq' } }, { pass: 'eliminate-dead-nodes', options: {} }],
  },
  {
    name: 'float16',
    description: 'Half the size, computed in half precision where values fit; inputs and outputs stay float32. For GPUs and NPUs; most CPUs are slower with it.',
    passes: [...cleanUp, { pass: 'convert-float16', options: {} }, { pass: 'eliminate-dead-nodes', options: {} }],
  },
  {
    name: 'float16-storage',
    description: 'Half the size: weights in 16 bits, computed in float32 as before. No data needed. As fast as before on every processor.',
    passes: [...cleanUp, { pass: 'store-float16', options: {} }],
  },
  {
    name: 'simplify',
    description: 'The same results from fewer nodes: constants and shapes worked out, what changes nothing removed, normalization and GELU in one node each. Standard operators only.',
    passes: [...simplify, { pass: 'fuse-gelu', options: {} }, ...cleanUpAfter],
  },
  {
    name: 'fuse-for-onnxruntime',
    description: "As simplify, and attention, sums before normalizations, biases before GELU and activations after Conv in onnxruntime's own operators. Runs in onnxruntime only.",
    passes: [
      ...simplify,
      { pass: 'fuse-rms-normalization', options: { form: 'onnxruntime' } },
      { pass: 'fuse-gelu', options: { form: 'onnxruntime' } },
      { pass: 'fuse-attention', options: { form: 'onnxruntime' } },
      { pass: 'fuse-skip-normalization', options: {} },
      { pass: 'fuse-conv-activation', options: {} },
      ...cleanUpAfter,
    ],
  },
  {
    name: 'prune-20',
    description: 'A fifth of the multiply–accumulates taken out as whole channels, and the layers behind fitted to make up for it, from calibration data and without training. Faster on every processor.',
    passes: [...cleanUp, { pass: 'prune-channels', options: { amount: 0.2 } }, { pass: 'eliminate-dead-nodes', options: {} }],
  },
  {
    name: 'prune-50-recovered',
    description: 'As prune-20 with half of the multiply–accumulates gone: about twice as fast. Check the accuracy.',
    passes: [...cleanUp, { pass: 'prune-channels', options: { amount: 0.5 } }, { pass: 'eliminate-dead-nodes', options: {} }],
  },
  {
    name: 'pruned-int8',
    description: 'Three tenths of the multiply–accumulates taken out as whole channels, then weights and activations as 8-bit integers: the two savings of size multiply.',
    passes: [...cleanUp, { pass: 'prune-channels', options: { amount: 0.3 } }, { pass: 'quantize-static', options: {} }, tables, { pass: 'eliminate-dead-nodes', options: {} }],
  },
  {
    name: 'sparse-50',
    description: 'Half of the weights set to zero, those whose absence the outputs notice least. Compresses better in packages; no faster on a CPU.',
    passes: [...cleanUp, { pass: 'sparsify-weights', options: {} }],
  },
  {
    name: 'low-rank',
    description: 'Layers written as two or three smaller ones where calibration data allows it and this computer runs them faster; the rest stays.',
    passes: [...cleanUp, { pass: 'factorize-layers', options: {} }, { pass: 'eliminate-dead-nodes', options: {} }],
  },
]
