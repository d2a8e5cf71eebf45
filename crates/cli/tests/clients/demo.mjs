// Tries out the page `/demo` in Chromium as a person does, and prints what the page showed.
//
// The arguments are the path of Chromium, the address of the server, the event to choose, and a
// folder for pictures if some are wanted.

import { createRequire } from 'node:module';

// The packages are installed in the folder we are started in.
const require = createRequire(`${process.cwd()}/`);
const { chromium } = require('playwright-core');

const [executablePath, server, event, pictures] = process.argv.slice(2);
const browser = await chromium.launch({ executablePath });
const report = { complaints: [], looks: [] };
try {
  const page = await open({});
  await page.fill('#event', event);
  await page.press('#event', 'Tab');
  await page.fill('#user', '5');
  await page.fill('input[name=label]', 'gift');
  await page.press('input[name=label]', 'Tab');
  await page.waitForSelector('#forecast .moves');
  report.forecast = await lines(page, '#forecast li');
  report.seen = [];
  for (const way of ['#send-call', '#live-click button', '#send-load', '#send-rest', '#send-program']) {
    const before = await page.locator('#seen > li').count();
    // By the keyboard, which whoever has no mouse uses.
    await page.focus(way);
    await page.keyboard.press('Enter');
    await page.waitForFunction((n) => document.querySelectorAll('#seen > li').length > n, before);
    report.seen.push(await lines(page, '#seen > li:first-child .metrics li'));
  }
  await page.fill('#user', '');
  await page.press('#user', 'Tab');
  await page.click('#send-call');
  await page.waitForFunction(() => document.querySelectorAll('#seen > li').length > 5);
  report.anonymous = await lines(page, '#seen > li:first-child .metrics li');
  await page.fill('#event', `${event}x`);
  await page.press('#event', 'Tab');
  await page.waitForSelector('#forecast .wrong');
  report.unknown = await lines(page, '#forecast li');
  await page.click('#send-call');
  await page.waitForFunction(() => document.querySelector('#seen > li').textContent.includes('kept aside'));
  report.aside = await page.locator('#seen > li').first().textContent();
  await page.fill('#event', event);
  await page.press('#event', 'Tab');
  await page.locator('#seen summary').last().click();
  report.pageState = await page.textContent('#page-state');
  for (const colorScheme of ['light', 'dark']) {
    for (const width of [1600, 1000, 380]) {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height: 900 });
      report.looks.push({ colorScheme, width, ...await page.evaluate(look) });
      if (pictures) await page.screenshot({ path: `${pictures}/demo-${colorScheme}-${width}.png`, fullPage: true });
    }
  }
  await page.close();
} finally {
  console.log(JSON.stringify(report));
  await browser.close();
}

async function open(options) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  page.on('console', (message) => report.complaints.push(message.text()));
  page.on('pageerror', (error) => report.complaints.push(error.message));
  await page.goto(`${server}/demo`);
  await page.waitForFunction(() => document.querySelector('#state').textContent.startsWith('live'));
  return page;
}

/** Each line of a list: its kind, and its texts. */
function lines(page, selector) {
  return page.locator(selector).evaluateAll((items) => items.map((it) => {
    const text = (part) => it.querySelector(`:scope > .${part}`)?.textContent;
    return { kind: it.className, name: text('name'), numbers: text('numbers'), why: text('why') };
  }));
}

/** Runs in the page: whether something is cut off, and the text that is hardest to read. */
function look() {
  const channels = (color) => color.match(/[\d.]+/g).map(Number);
  const light = (color) => {
    const [r, g, b] = channels(color).map((it) => (it / 255 <= 0.03928 ? it / 255 / 12.92 : ((it / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const background = (element) => {
    for (let it = element; it; it = it.parentElement) {
      const color = getComputedStyle(it).backgroundColor;
      if ((channels(color)[3] ?? 1) > 0) return color;
    }
    return 'rgb(255, 255, 255)';
  };
  const hasText = (element) => [...element.childNodes].some((it) => it.nodeType === 3 && it.textContent.trim());
  const texts = [...document.body.querySelectorAll('*')].filter((it) => hasText(it) && it.checkVisibility());
  const contrasts = texts.map((it) => {
    const [a, b] = [light(getComputedStyle(it).color), light(background(it))].sort((x, y) => y - x);
    return { contrast: (a + 0.05) / (b + 0.05), text: it.textContent.trim().slice(0, 40) };
  });
  const worst = contrasts.reduce((least, it) => (it.contrast < least.contrast ? it : least));
  return { worst, isCutOff: document.documentElement.scrollWidth > innerWidth };
}
