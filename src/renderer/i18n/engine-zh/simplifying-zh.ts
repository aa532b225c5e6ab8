/** Simplifying and fusing. */
export const simplifyingZh: Readonly<Record<string, string>> = {
  '{0} inputs with a default value became constants: {1}{2}.': '{0} 个带默认值的输入变为常量：{1}{2}。',
  "{0} '{1}' was not folded: {2}": '{0}“{1}”没有折叠：{2}',
  'The most that activations take at once went from {0} to {1} bytes.': '激活同时占用的最大值从 {0} 字节降至 {1} 字节。',
  'Shapes were left as they are: some inputs have default values, and others may be fed.': '形状保持不变：有的输入带默认值，可能传入其他值。',
  "Run 'fold-constants' first.": '请先运行“fold-constants”。',
  'No input has a free dimension {0}.': '没有输入含有自由维度 {0}。',
}
