import type { CatalogueTexts } from './catalogue'

const saturation = '使用 7 位，避免没有 VNNI 的 x86 处理器溢出饱和。手机不需要。'
const opTypes = '要量化的节点类型。'
const excludeNodes = '保持这些名称的节点不变。'

export const catalogueZh: CatalogueTexts = {
  recipes: {
    simplify: { title: '化简', description: '结果不变，节点更少：推算常量与形状，去除不起作用的部分，归一化与 GELU 各用一个节点。只用标准算子。' },
    'fuse-for-onnxruntime': { title: '为 onnxruntime 融合', description: '在“化简”之上，将注意力、归一化前的求和、GELU 前的偏置与 Conv 后的激活换成 onnxruntime 自有算子。只能在 onnxruntime 中运行。' },
    'int8-dynamic': { title: '动态 int8', description: '权重为 8 位整数，激活在运行时量化。无需数据。' },
    'int8-static': { title: '静态 int8', description: '权重与激活均为 8 位整数，范围来自校准数据。适合手机内核与 NPU。' },
  },
  passes: {
    'fold-constants': {
      title: '折叠常量',
      description: '用 onnxruntime 预先计算只依赖常量的部分并保存结果；Constant 节点变为初始值。',
      options: {
        maxBytes: '结果大于此字节数、且大于其输入时，留待加载时计算：文件不会变大。',
        defaultsAreConstants: '同时是图输入的初始值变为普通常量：之后无法再向模型传入其他权重。',
      },
    },
    'eliminate-dead-nodes': {
      title: '移除无用部分',
      description: '移除不影响任何输出的节点、初始值、函数与标注。结果不变。',
      options: { identities: '同时移除 Identity 节点，以及推理时不起作用的 Dropout 节点。' },
    },
    'simplify-shapes': {
      title: '推算形状',
      description: '将图中计算的形状在已知处（包括部分已知）替换为常量：Reshape 的一个未知维度写作 -1，不变的维度写作 0。',
      options: { dims: '按符号或“输入:轴”固定输入的符号维度。之后模型只接受这些大小的输入。' },
    },
    'simplify-data-movement': { title: '清理 Slice、Concat 与 Reshape', description: '去除不起作用的 Slice、Expand、Tile、Pad 与算术运算，合并相连的 Concat 与 Reshape，并用一个 Split 代替将值切分的多个 Slice。', options: {} },
    'sink-transposes': { title: '跨算子抵消 Transpose', description: '将 Transpose 移到逐元素算子、Concat 与 Softmax 之后，使其与另一个 Transpose 抵消或合并。', options: {} },
    'fold-pads': { title: '将 Pad 并入 Conv', description: '将图像周围补零的 Pad 并入其后 Conv 或 AveragePool 的填充。', options: {} },
    'fuse-layer-normalization': { title: '融合层归一化', description: '用一个 LayerNormalization 代替导出时拆开的均值、差、平方、开方、除法、缩放与偏移。opset 升至 17。', options: {} },
    'fuse-rms-normalization': {
      title: '融合 RMS 归一化',
      description: '用一个节点代替导出时拆开的平方、均值、开方、除法与缩放。',
      options: { form: 'standard：RMSNormalization，opset 升至 23。onnxruntime：其自有的 SimplifiedLayerNormalization，任何 opset 均可。' },
    },
    'fuse-gelu': {
      title: '融合 GELU',
      description: '用一个节点代替以误差函数或 tanh 写成的 GELU（五至八个节点）。',
      options: { form: 'standard：Gelu，opset 升至 20。onnxruntime：其自有的 Gelu 与 FastGelu，任何 opset 均可，并将前面的偏置并为 BiasGelu。' },
    },
    'fuse-attention': {
      title: '融合注意力',
      description: '用一个节点代替拆分多头、相乘、softmax 与合并多头的各步。',
      options: { form: 'standard：Attention，opset 升至 23。onnxruntime：其自有的 MultiHeadAttention，任何 opset 均可。' },
    },
    'fuse-skip-normalization': { title: '融合归一化前的求和', description: '用 onnxruntime 自有的 SkipLayerNormalization 代替残差求和、其前的偏置与其后的归一化。之后模型只能在 onnxruntime 中运行。', options: {} },
    'fuse-conv-activation': { title: '融合 Conv 与激活', description: '用 onnxruntime 自有的 FusedConv 代替 Conv 及其后的 Relu、Clip、LeakyRelu、Sigmoid、Tanh 或 HardSigmoid。之后模型只能在 onnxruntime 中运行。', options: {} },
    'reorder-nodes': {
      title: '调整节点顺序以省内存',
      description: '若能降低峰值，则改变节点顺序，使同时等待的值更少。适用于按文件顺序运行节点的运行时。',
      options: { dims: '假定的符号维度大小，按符号或“输入:轴”。模型仍接受任意大小。' },
    },
    'fold-batch-normalization': { title: '折叠批归一化', description: '将 BatchNormalization 并入其前面的 Conv 的权重；否则 Conv 无法全程以整数运行。', options: {} },
    'quantize-dynamic': {
      title: '动态量化',
      description: '权重存为 8 位整数，激活在运行时量化。无需数据，最适合以 MatMul、Gemm 和 LSTM 为主的模型。',
      options: {
        weightType: 'MatMul、Gemm、LSTM 与 Attention 权重的类型。Conv 权重与查找表始终为 uint8：onnxruntime 没有其他内核。',
        perChannel: '每个输出通道一个缩放系数：更接近浮点模型，文件略大。',
        reduceRange: saturation,
        opTypes,
        nodes: '只量化这些名称的节点；留空表示全部。',
        excludeNodes,
        minElements: '元素更少的权重保持浮点：其周围新增的节点会超过所节省的空间。',
      },
    },
    'quantize-static': {
      title: '静态量化',
      description: '将权重与激活量化为 8 位整数，范围取自校准数据。在手机上最快，最适合卷积模型。',
      options: {
        activationType: '激活的类型。',
        weightType: '权重的类型。int8 激活只能与 int8 权重搭配。',
        perChannel: '权重的每个输出通道一个缩放系数。需要 opset 13；可行时会自动升级模型。',
        symmetricActivations: '零点位于类型中间，部分 NPU 需要。Relu 与 Clip 将保留在图中。',
        reduceRange: saturation,
        opTypes,
        excludeNodes,
        calibrationSamples: '最多使用的校准样本数。',
      },
    },
  },
  optionLabels: {
    dims: '维度大小',
    form: '形式',
    maxBytes: '最大字节数',
    defaultsAreConstants: '默认值视为常量',
    identities: '移除恒等节点',
    weightType: '权重类型',
    activationType: '激活类型',
    perChannel: '逐通道',
    reduceRange: '缩小范围',
    opTypes: '算子类型',
    nodes: '节点',
    excludeNodes: '排除节点',
    minElements: '最少元素数',
    symmetricActivations: '对称激活',
    calibrationSamples: '校准样本数',
  },
}
