/** Variants and their budgets. */
export const comparingZh: Readonly<Record<string, string>> = {
  'give either atMost or atLeast': '请给出 atMost 或 atLeast 之一',
  'Image recognition': '图像识别',
  'Text in image': '图中文字',
  'Whole answer': '整句回答',
  'These are no budgets: {0}.': '这些不是预算：{0}。',
  'not valid': '无效',
  '{0} was not evaluated': '{0} 未评估',
  '{0}, {1}, {2}, {3} runs after {4}, inputs: {5}, {6}': '{0}，{1}，{2}，预热 {4} 次后运行 {3} 次，输入：{5}，{6}',
  'threads as onnxruntime chooses': '线程数由 onnxruntime 决定',
  '{0} threads': '{0} 个线程',
  'outputs were not compared with a source': '输出没有与源模型对比',
  'a shape is open': '有形状未定',
  'not measured{0}': '未测量{0}',
  " on '{0}'": '（“{0}”上）',
  'For example {"budgets": [{"preset": "image-recognition"}, {"name": "small", "figure": "sizeBytes", "atMost": 5000000}]}. Figures: {0}. Presets: {1}.':
    '例如 {"budgets": [{"preset": "image-recognition"}, {"name": "small", "figure": "sizeBytes", "atMost": 5000000}]}。可用的量：{0}。预设：{1}。',
}
