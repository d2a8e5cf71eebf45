// Builds dist/: the same sources give the same bytes on every machine.

import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { minify } from 'terser';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

const common = {
  absWorkingDir: root,
  bundle: true,
  write: false,
  target: 'es2020',
  charset: 'utf8',
  legalComments: 'none',
  define: { VERSION: JSON.stringify(version) },
  logLevel: 'warning',
};

/** Members of objects that nobody outside sees: their names may become short. */
const PRIVATE = /^(isOwn|isStored|isSent|referrer|persist|leave|added|sync)$/;

const terser = (isModule) => ({
  ecma: 2020,
  module: isModule,
  compress: { passes: 3, unsafe_arrows: true, keep_fargs: false },
  mangle: { properties: { regex: PRIVATE } },
});

/** The entries that are modules share the one that holds the state: it is not bundled twice. */
const shared = {
  name: 'shared',
  setup: ({ onResolve }) => onResolve({ filter: /^\.\/index\.ts$/ }, () =>
    ({ path: './index.js', external: true })),
};

const classic = (outdir) =>
  build({ ...common, entryPoints: { 'internal-events': 'src/classic.ts' }, format: 'iife', outdir });

const modules = (outdir) => [
  build({ ...common, entryPoints: ['src/index.ts'], format: 'esm', outdir }),
  build({
    ...common,
    entryPoints: ['src/vue.ts', 'src/testing.ts'],
    format: 'esm',
    plugins: [shared],
    outdir,
  }),
];

const write = async (outdir, builds) => {
  mkdirSync(resolve(root, outdir), { recursive: true });
  for (const { path, text } of (await Promise.all(builds)).flatMap((it) => it.outputFiles)) {
    const { code } = await minify(text, terser(!path.endsWith('internal-events.js')));
    writeFileSync(path, `${code}\n`);
  }
};

/** Builds the scripts into a folder. */
export const buildScripts = (outdir) => write(outdir, [classic(outdir), ...modules(outdir)]);

// `modules` leaves alone the script that is committed.
if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await (process.argv[2] === 'modules' ? write('dist', modules('dist')) : buildScripts('dist'));
  execFileSync(join(root, 'node_modules/.bin/tsc'), [
    '--emitDeclarationOnly', '--outDir', 'dist/types',
  ], { cwd: root, stdio: 'inherit' });
}
