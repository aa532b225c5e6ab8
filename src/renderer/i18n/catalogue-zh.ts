import type { CatalogueTexts } from './catalogue'

const saturation = '使用 7 位，避免没有 VNNI 的 x86 处理器溢出饱和。手机不需要。'
const opTypes = '要量化的节点类型。'
const excludeNodes = '保持这些名称的节点不变。'

export const catalogueZh: CatalogueTexts = {
  recipes: {
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
