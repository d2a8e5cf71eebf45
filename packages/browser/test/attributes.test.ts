// Events that are written into the page.

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readAttributes } from '../src/attributes.ts';
import type { InternalEventsApi, Options } from '../src/index.ts';
import { createOrigin, createRandom, names } from './support.ts';

const disposals: (() => void)[] = [];
beforeEach(() => {
  document.body.innerHTML = '';
});
afterEach(() => {
  for (const dispose of disposals.splice(0)) dispose();
});

const element = (html: string): HTMLElement => {
  const it = document.createElement('div');
  it.innerHTML = html;
  document.body.append(it);
  return it;
};

describe('what is read', () => {
  const check = (attributes: string, expected: object, warnings: string[] = []) =>
    test(attributes, () => {
      const found: string[] = [];
      const it = element(`<b data-event-tracking="e" ${attributes}></b>`).firstElementChild as Element;
      expect(readAttributes(it, (name) => found.push(name))).toEqual(expected);
      expect(found).toEqual(warnings);
    });
  check('', {});
  check('data-event-label="a"', { label: 'a' });
  check('data-event-label=""', { label: '' });
  check('data-event-property="b"', { property: 'b' });
  check('data-event-value="0"', { value: 0 });
  check('data-event-value="1.5"', { value: 1.5 });
  check('data-event-value="1e3"', { value: 1000 });
  check('data-event-value=" 3 "', { value: 3 });
  check('data-event-value="-7"', { value: -7 });
  check('data-event-value=""', {});
  check('data-event-value=" "', {});
  check('data-event-value="abc"', {}, ['value']);
  check('data-event-value="Infinity"', {}, ['value']);
  check(`data-event-additional='{"isbn": "1", "n": 2}'`, { isbn: '1', n: 2 });
  check(`data-event-label="a" data-event-additional='{"label": "b"}'`, { label: 'b' });
  check(`data-event-additional=''`, {});
  check(`data-event-additional='{'`, {}, ['additional']);
  check(`data-event-additional='[1]'`, {}, ['additional']);
  check(`data-event-additional='null'`, {}, ['additional']);
  check(`data-event-additional='"text"'`, {}, ['additional']);

  test('anything at all throws nothing', () => {
    const random = createRandom(20261130);
    const pick = (all: string) => all[Math.floor(random() * all.length)] ?? '';
    const texts = Array.from({ length: 2_000 }, () =>
      Array.from({ length: Math.floor(random() * 30) }, () => pick('{}[]":,0123e-.+ \\ntrualse\u0000ü🦶')).join(''));
    let n = 0;
    for (const text of texts) {
      const it = document.createElement('b');
      it.setAttribute('data-event-value', text);
      it.setAttribute('data-event-additional', text);
      const read = readAttributes(it, () => n++);
      expect(Object.getPrototypeOf(read)).toBe(Object.prototype);
      if ('value' in read && !text.includes('"value"')) expect(read['value']).toBe(Number(text));
    }
    expect(n).toBeGreaterThan(1_000);
  });
});

/** A page whose events are those of its elements. */
const open = (options: Options = {}): { page: InternalEventsApi; sent: () => Promise<string[]> } => {
  const origin = createOrigin();
  const page = origin.open(options);
  return {
    page,
    sent: async () => {
      await page.flush();
      return names(origin.received());
    },
  };
};

const bind = (page: InternalEventsApi, parent?: Document | Element | ShadowRoot): void => {
  const dispose = page.bindInternalEventDocument(parent);
  if (dispose) disposals.push(dispose);
};

describe('clicks', () => {
  /** Clicks on the element `#it`, and compares the events. */
  const check = (title: string, html: string, expected: string[]) =>
    test(title, async () => {
      const { page, sent } = open();
      bind(page);
      element(html);
      document.getElementById('it')?.click();
      expect(await sent()).toEqual(expected);
    });
  check('on the element', '<b id=it data-event-tracking=a></b>', ['a']);
  check('in it', '<b data-event-tracking=a><i id=it></i></b>', ['a']);
  check('the innermost counts', '<b data-event-tracking=a><i data-event-tracking=b id=it></i></b>', ['b']);
  check('beside it', '<b data-event-tracking=a></b><i id=it></i>', []);
  check('without a name', '<b id=it data-event-tracking=""></b>', []);
  check('on one that is tracked when it loads',
    '<b id=it data-event-tracking=a data-event-tracking-load=true></b>', []);
  check('on such a one, if asked',
    '<b id=it data-event-tracking=a data-event-tracking-load=true data-event-tracking-click=true></b>',
    ['a']);
  check('through such a one to its parent',
    '<b data-event-tracking=a><i id=it data-event-tracking=b data-event-tracking-load=true></i></b>',
    ['a']);
  check('load=false', '<b id=it data-event-tracking=a data-event-tracking-load=false></b>', ['a']);

  test('that the page stops', async () => {
    const { page, sent } = open();
    bind(page);
    const it = element('<b data-event-tracking=a></b>').firstElementChild as HTMLElement;
    it.addEventListener('click', (event) => {
      it.removeAttribute('data-event-tracking');
      event.stopImmediatePropagation();
    });
    it.click();
    expect(await sent()).toEqual(['a']);
  });

  test('in a shadow root', async () => {
    const { page, sent } = open();
    bind(page);
    const host = element('<b data-event-tracking=outside></b>').firstElementChild as HTMLElement;
    const root = host.attachShadow({ mode: 'open' });
    root.innerHTML = '<i data-event-tracking=inside></i><u></u>';
    (root.querySelector('i') as HTMLElement).click();
    root.querySelector('u')?.dispatchEvent(new Event('click', { bubbles: true, composed: true }));
    expect(await sent()).toEqual(['inside', 'outside']);
  });

  test('one event for parents in parents', async () => {
    const { page, sent } = open();
    const parent = element('<b data-event-tracking=a></b>');
    bind(page);
    bind(page, parent);
    (parent.firstElementChild as HTMLElement).click();
    expect(await sent()).toEqual(['a']);
  });

  test('a parent tracks only what is in it', async () => {
    const { page, sent } = open();
    const outer = element('<b data-event-tracking=a><i><u></u></i></b>');
    bind(page, outer.querySelector('i') as Element);
    outer.querySelector('u')?.click();
    expect(await sent()).toEqual([]);
  });

  test('a parent is bound once, until it is let go', async () => {
    const { page, sent } = open();
    const parent = element('<b data-event-tracking=a></b>');
    const dispose = page.bindInternalEventDocument(parent);
    expect(page.bindInternalEventDocument(parent)).toBeNull();
    dispose?.();
    (parent.firstElementChild as HTMLElement).click();
    expect(await sent()).toEqual([]);
    bind(page, parent);
    (parent.firstElementChild as HTMLElement).click();
    expect(await sent()).toEqual(['a']);
  });

  test('a parent that is none throws nothing', () => {
    const { page } = open();
    expect(page.bindInternalEventDocument(null as never)).toBeNull();
    expect(page.trackInternalLoadEvents(null as never)).toEqual([]);
  });
});

describe('elements that are tracked when they load', () => {
  const LOADED = '<b data-event-tracking=a data-event-tracking-load=true></b>';

  test('once, and all are given', async () => {
    const { page, sent } = open();
    element(`${LOADED}<b data-event-tracking=b></b><b data-event-tracking="" data-event-tracking-load=true></b>`);
    expect(page.trackInternalLoadEvents()).toHaveLength(2);
    expect(page.trackInternalLoadEvents()).toHaveLength(2);
    expect(await sent()).toEqual(['a']);
  });

  test('in a shadow root that is given', async () => {
    const { page, sent } = open();
    const root = element('').attachShadow({ mode: 'open' });
    root.innerHTML = LOADED;
    page.trackInternalLoadEvents(root);
    expect(await sent()).toEqual(['a']);
  });

  test('by init, and those that come later', async () => {
    const { sent, page } = open({ dataAttributes: true });
    disposals.push(() => document.body.replaceChildren());
    element(`<p>${LOADED}</p>`);
    element(LOADED);
    await new Promise((done) => setTimeout(done));
    expect(await sent()).toEqual(['a', 'a']);
    expect(page.bindInternalEventDocument()).toBeNull();
  });
});
