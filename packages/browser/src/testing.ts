/** For tests of pages that track internal events, with Jest or Vitest. */

import { checkEvent, readEventDefinitions } from './event-definitions.ts';
import { InternalEvents } from './index.ts';
import type { Spy } from './spy.ts';
import { createSpy } from './spy.ts';

export { parseEventDefinition, readEventDefinitions } from './event-definitions.ts';
export type { EventDefinition } from './event-definitions.ts';
export { createInMemoryInternalEvents, readBody } from './memory.ts';
export type { InMemory, SentEvent } from './memory.ts';
export type { Spy } from './spy.ts';

/** A hook such as `beforeEach`. */
export type Hook = (work: () => void) => unknown;

/** Options of {@link useMockInternalEventsTracking}. */
export interface MockOptions {
  /**
   * Folders of event definitions, such as `['ee/config/events', 'config/events']`: then a call
   * that they do not know throws. Node only.
   */
  readonly definitions?: string | readonly string[];
  /** Vitest's, unless it is configured with `globals: true`. @defaultValue the global one */
  readonly beforeEach?: Hook;
  /** @defaultValue the global one */
  readonly afterEach?: Hook;
}

/** What a test does with tracking that is replaced. */
export interface Bound {
  /** All calls of `trackEvent`, from scripts and from data attributes. */
  readonly trackEventSpy: Spy;
  /** Dispatches an event, a click unless told otherwise, on an element or the first that matches. */
  readonly triggerEvent: (target: string | Element, name?: string) => void;
}

/** Tracking that is replaced. */
export interface Mock {
  /** Lets data attributes in `parent` call the spy. */
  readonly bindInternalEventDocument: (parent?: Document | Element) => Bound;
}

const hook = (given: Hook | undefined, name: 'beforeEach' | 'afterEach'): Hook => {
  const it = given ?? (globalThis as unknown as Record<string, Hook | undefined>)[name];
  if (it) return it;
  throw new Error(`There is no global ${name}: pass it to useMockInternalEventsTracking, or let \
Vitest run with \`globals: true\`.`);
};

/**
 * Replaces `InternalEvents.trackEvent` by a spy during each test of the file, or of the `describe`
 * in which it is called. Nothing is sent.
 */
export const useMockInternalEventsTracking = (options: MockOptions = {}): Mock => {
  const { definitions } = options;
  const known = definitions === undefined
    ? undefined
    : readEventDefinitions(typeof definitions === 'string' ? [definitions] : definitions);
  const disposals: (() => void)[] = [];
  let original = InternalEvents.trackEvent;
  let spy: Spy | undefined;
  /** What the spy threw: a listener keeps it from the page, but not from the test. */
  let failure: unknown;

  hook(options.beforeEach, 'beforeEach')(() => {
    original = InternalEvents.trackEvent;
    spy = createSpy('trackEvent', (event, properties) => {
      try {
        if (known) checkEvent(known, event, properties);
      } catch (error) {
        failure = error;
        throw error;
      }
    });
    InternalEvents.trackEvent = spy;
  });

  hook(options.afterEach, 'afterEach')(() => {
    for (const dispose of disposals.splice(0)) dispose();
    InternalEvents.trackEvent = original;
    spy = undefined;
  });

  return {
    bindInternalEventDocument: (parent = document) => {
      if (!spy) throw new Error('bindInternalEventDocument has to be called in a test.');
      const dispose = InternalEvents.bindInternalEventDocument(parent);
      if (dispose) disposals.push(dispose);
      return {
        trackEventSpy: spy,
        triggerEvent: (target, name = 'click') => {
          const element = typeof target === 'string' ? parent.querySelector(target) : target;
          if (!element) throw new Error(`There is no element ${target}.`);
          failure = undefined;
          element.dispatchEvent(new Event(name, { bubbles: true, composed: true }));
          if (failure) throw failure;
        },
      };
    },
  };
};
