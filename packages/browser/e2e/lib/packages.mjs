// Where the packages are that the pages load: in the folder the scripts are started in, so that a
// test can install them elsewhere.

import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const require = createRequire(`${process.cwd()}/`);

export const { chromium } = require('playwright-core');

/** A file of an installed package. */
export function packaged(path) {
  return readFileSync(require.resolve(path));
}

/** Modules of this project, and the entry that the others share. */
const SOURCES = { 'index.js': 'index.ts', 'vue.js': 'vue.ts' };

/**
 * A script of this project, as it is given to users. The classic one is committed; modules are as
 * they were built, or else bundled here, so that nobody has to build anything first.
 */
export function ours(name) {
  const file = fileURLToPath(new URL(`../../dist/${name}`, import.meta.url));
  if (existsSync(file)) return readFileSync(file);
  const entry = fileURLToPath(new URL(`../../src/${SOURCES[name]}`, import.meta.url));
  const { outputFiles: [bundle] } = require('esbuild').buildSync({
    entryPoints: [entry],
    bundle: true,
    write: false,
    format: 'esm',
    define: { VERSION: '"0.0.0"' },
    // What holds the state is loaded once.
    external: name === 'index.js' ? [] : ['./index.ts'],
  });
  return bundle.text.replaceAll('./index.ts', './index.js');
}
