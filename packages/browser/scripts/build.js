// Builds dist/: the same sources give the same bytes on every machine.

import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

const common = {
  absWorkingDir: root,
  bundle: true,
  minify: true,
  target: 'es2020',
  charset: 'utf8',
  legalComments: 'none',
  define: { VERSION: JSON.stringify(version) },
  logLevel: 'warning',
};

/** The entries that are modules share the one that holds the state: it is not bundled twice. */
const shared = {
  name: 'shared',
  setup: ({ onResolve }) => onResolve({ filter: /^\.\/index\.ts$/ }, () =>
    ({ path: './index.js', external: true })),
};

/** Builds the scripts into a folder. */
export const buildScripts = async (outdir) => {
  await build({
    ...common,
    entryPoints: { 'internal-events': 'src/classic.ts' },
    format: 'iife',
    outdir,
  });
  await build({ ...common, entryPoints: ['src/index.ts'], format: 'esm', outdir });
  await build({
    ...common,
    entryPoints: ['src/vue.ts', 'src/testing.ts'],
    format: 'esm',
    plugins: [shared],
    outdir,
  });
};

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  rmSync(join(root, 'dist'), { recursive: true, force: true });
  await buildScripts('dist');
  execFileSync(join(root, 'node_modules/.bin/tsc'), [
    '--emitDeclarationOnly', '--outDir', 'dist/types',
  ], { cwd: root, stdio: 'inherit' });
}
