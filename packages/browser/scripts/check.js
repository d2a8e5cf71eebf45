// Proves that the committed script is built from these sources, and prints and bounds the sizes.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { buildScripts } from './build.js';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const { sizes } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const fresh = mkdtempSync(join(tmpdir(), 'internal-events-'));
const faults = [];

await buildScripts(fresh);

const committed = 'dist/internal-events.js';
const isCurrent = readFileSync(join(root, committed))
  .equals(readFileSync(join(fresh, basename(committed))));
console.log(`${committed} ${isCurrent ? 'is current' : 'is out of date'}`);
if (!isCurrent) faults.push(`${committed} is out of date: run \`npm run build\` and commit it`);

const checked = Object.entries(sizes);
if (!checked.length) faults.push('package.json limits no sizes');
for (const [file, limit] of checked) {
  const bytes = readFileSync(join(fresh, basename(file)));
  const zipped = gzipSync(bytes, { level: 9 }).length;
  console.log(`${file}: ${zipped} bytes gzip of at most ${limit} (${bytes.length} raw)`);
  if (zipped > limit) faults.push(`${file} is ${zipped - limit} bytes too large`);
}

rmSync(fresh, { recursive: true });
for (const fault of faults) console.error(fault);
process.exitCode = faults.length ? 1 : 0;
