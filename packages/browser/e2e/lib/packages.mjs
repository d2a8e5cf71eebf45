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

/** The script of this project, as it is given to users. */
export const OURS = new URL('../../dist/internal-events.js', import.meta.url);

/** A file of the package beside the script. */
export function ours(name) {
  const file = new URL(name, new URL('../../dist/', import.meta.url));
  if (!existsSync(file)) throw new Error(`there is no ${fileURLToPath(file)}; run \`npm run build\` in packages/browser`);
  return readFileSync(file);
}
