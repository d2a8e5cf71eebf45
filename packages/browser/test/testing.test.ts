// What users test their tracking with.

import { mkdtempSync, mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import { InternalEvents } from '@internal-events/browser';
import {
  createInMemoryInternalEvents, parseEventDefinition, useMockInternalEventsTracking,
} from '@internal-events/browser/testing';

const root = mkdtempSync(join(tmpdir(), 'definitions-'));
mkdirSync(join(root, 'ee'));
writeFileSync(join(root, 'order.yml'), `---
description: "action: not this one"
internal_events: true
action: create_order # the name
identifiers:
- user
additional_properties:
  label:
    description: Which
  'isbn':
    description: 'value: not this one'
tiers:
- free
`);
writeFileSync(join(root, 'ee', 'report.yml'), 'action: "open_report"\n');

const original = InternalEvents.trackEvent;
afterAll(() => expect(InternalEvents.trackEvent).toBe(original));

describe('the spy', () => {
  const { bindInternalEventDocument } = useMockInternalEventsTracking({ beforeEach, afterEach });

  test.each([1, 2])('sees scripts and attributes, each test its own (%i)', () => {
    document.body.innerHTML = '<b class=x data-event-tracking=clicked data-event-property=p></b>';
    const { trackEventSpy, triggerEvent } = bindInternalEventDocument(document.body);
    expect(trackEventSpy).not.toHaveBeenCalled();
    InternalEvents.trackEvent('e', { label: 'a' }, undefined);
    triggerEvent('.x');
    triggerEvent(document.querySelector('.x') as Element, 'mouseover');
    expect(trackEventSpy).toHaveBeenCalledTimes(2);
    expect(trackEventSpy).toHaveBeenNthCalledWith(1, 'e', { label: 'a' }, undefined);
    expect(trackEventSpy).toHaveBeenLastCalledWith('clicked', { property: 'p' });
    expect(() => expect(trackEventSpy).toHaveBeenCalledWith('other')).toThrow('trackEvent');
    expect(() => triggerEvent('.y')).toThrow('There is no element .y');
  });
});

describe('the spy that knows definitions', () => {
  const { bindInternalEventDocument } = useMockInternalEventsTracking({
    definitions: [join(root, 'ee'), root], beforeEach, afterEach,
  });
  const check = (title: string, call: [string, object?], problem: RegExp | undefined) =>
    test(title, () => {
      document.body.innerHTML = `<b data-event-tracking="${call[0]}" data-event-additional='${JSON.stringify(call[1] ?? {})}'></b>`;
      const { triggerEvent } = bindInternalEventDocument(document.body);
      for (const run of [() => InternalEvents.trackEvent(...call), () => triggerEvent('b')]) {
        if (problem) expect(run).toThrow(problem);
        else expect(run).not.toThrow();
      }
    });
  check('a defined event', ['create_order', { label: 'a', isbn: '1' }], undefined);
  check('in another folder', ['open_report'], undefined);
  check('an unknown event', ['create_ordr'], /Unknown event: create_ordr/);
  check('a property too many', ['create_order', { value: 1 }],
    /create_order has no property value: .*order.yml declares label, isbn/);

  test('folders without definitions are a mistake', () => {
    expect(() => useMockInternalEventsTracking({ definitions: tmpdir(), beforeEach, afterEach }))
      .toThrow('There is no event definition in');
  });
});

test('definitions without an action are none', () => {
  expect(parseEventDefinition('category: x\n')).toBeUndefined();
});

test.each(['snowplow', 'rest'] as const)('events in memory (%s)', async (transport) => {
  const { InternalEvents: page, events } = createInMemoryInternalEvents({ transport, user: 5 });
  page.trackEvent('create_order', { label: 'a', value: 0.5, isbn: '1' }, 'cart');
  expect(events()).toEqual([]);
  await page.flush();
  expect(events()).toEqual([{
    id: expect.any(String), event: 'create_order', category: 'cart', user: 5, project: null,
    namespace: null, properties: { label: 'a', value: 0.5, isbn: '1' },
  }]);
});
