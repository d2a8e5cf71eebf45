import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const source = (file: string): string => fileURLToPath(new URL(`src/${file}`, import.meta.url));

export default defineConfig({
  define: { VERSION: '"0.0.0"' },
  resolve: {
    alias: [
      { find: /^@internal-events\/browser$/, replacement: source('index.ts') },
      { find: /^@internal-events\/browser\/vue$/, replacement: source('vue.ts') },
      { find: /^@internal-events\/browser\/testing$/, replacement: source('testing.ts') },
    ],
  },
  test: { environment: 'happy-dom',
    // Scripts are run by the tests that want them to run.
    environmentOptions: {
      happyDOM: { settings: { disableJavaScriptFileLoading: true, handleDisabledFileLoadingAsSuccess: true } },
    },
    include: ['test/**/*.test.ts'] },
});
