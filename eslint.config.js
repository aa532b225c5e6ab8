import reactHooks from 'eslint-plugin-react-hooks'
import tseslint from 'typescript-eslint'

/** A layer may import only what stands below it; `shared` stands below all and imports no other layer. */
function layer(name, forbidden) {
  return {
    files: [`src/${name}/**/*.{ts,tsx}`],
    rules: { 'no-restricted-imports': ['error', { patterns: forbidden }] },
  }
}

const node = { group: ['node:*', 'electron', 'onnxruntime-node'], message: 'This layer runs without Node.' }
const upward = (...layers) => ({
  group: layers.flatMap((name) => [`**/${name}/**`]),
  message: 'Layers import only src/shared and themselves.',
})

export default tseslint.config(
  { ignores: ['out/**', 'node_modules/**', 'test-results/**', 'playwright-report/**', '.venv/**'] },
  ...tseslint.configs.recommendedTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: { allowDefaultProject: ['eslint.config.js'] }, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/require-await': 'off',
      'no-console': 'error',
      eqeqeq: 'error',
    },
  },
  layer('shared', [node, upward('main', 'renderer', 'preload')]),
  layer('renderer', [node, upward('main', 'preload')]),
  layer('preload', [upward('main', 'renderer')]),
  layer('main', [upward('renderer', 'preload')]),
  { files: ['src/renderer/**/*.{ts,tsx}'], ...reactHooks.configs.flat['recommended-latest'] },
  { files: ['tests/**', '**/*.mjs', 'src/main/host/cli/**', 'src/main/host/start.ts', '**/*.config.ts', 'eslint.config.js'], rules: { 'no-console': 'off' } },
  { files: ['**/*.js', '**/*.mjs'], ...tseslint.configs.disableTypeChecked },
)
