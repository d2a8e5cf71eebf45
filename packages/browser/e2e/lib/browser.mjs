// Chromium, and visits in it.

import { existsSync } from 'node:fs';
import { chromium } from './packages.mjs';

const EXECUTABLE = process.env.CHROMIUM ?? '/usr/bin/chromium';

/** Nothing but the pages of the tests is to ask anything of the network. */
const QUIET = [
  '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync',
];

export function launch() {
  if (!existsSync(EXECUTABLE)) throw new Error(`there is no browser at ${EXECUTABLE}; CHROMIUM names it`);
  return chromium.launch({ executablePath: EXECUTABLE, args: QUIET });
}

/** Opens a browser with a profile of its own at `folder`. */
export function launchProfile(folder) {
  return chromium.launchPersistentContext(folder, { executablePath: EXECUTABLE, args: QUIET });
}

/**
 * Collects what goes wrong in pages of a context: exceptions nobody caught, rejected promises, and
 * complaints in the console. A blocked or failed request is said by the browser itself, and is no
 * fault of the page.
 */
export function observe(context) {
  const faults = [];
  context.on('weberror', (it) => faults.push(String(it.error().stack ?? it.error())));
  context.on('console', (message) => {
    const ofTheBrowser = /^Failed to load resource|blocked by CORS policy/.test(message.text());
    if (message.type() === 'error' && !ofTheBrowser) faults.push(message.text());
  });
  return faults;
}
