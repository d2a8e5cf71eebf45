// The example for Jest in docs/browser.md, run as it is written there.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';

const text = readFileSync('../../docs/browser.md', 'utf8');
const [, code] = /^```js file=help\.test\.js\n([^]*?)^```$/m.exec(text) ?? [];
if (!code) throw new Error('docs/browser.md has no help.test.js');

mkdirSync('test-jest/.examples', { recursive: true });
writeFileSync('test-jest/.examples/help.js', code);

await import('./.examples/help.js');
