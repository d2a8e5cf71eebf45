// Both versions of Vue, in scripts and templates.

import { mount } from '@vue/test-utils';
import { describe, expect, test, vi } from 'vitest';
import { defineComponent, h } from 'vue';
// @ts-expect-error Vue 2's build with a compiler of templates has no types.
import Vue2 from 'vue2/dist/vue.esm.js';
import { InternalEvents } from '@internal-events/browser';
import { useMockInternalEventsTracking } from '@internal-events/browser/testing';
import { InternalEventsPlugin, useInternalEvents } from '@internal-events/browser/vue';
import { afterEach, beforeEach } from 'vitest';

const { bindInternalEventDocument } = useMockInternalEventsTracking({ beforeEach, afterEach });

const template = `<div>
  <b @click="trackEvent('by_template', { label: 'a' })"></b>
  <i @click="track_event('by_older_name')"></i>
  <u @click="open"></u>
  <s data-event-tracking="by_attribute" data-event-label="x" data-event-value="0"></s>
</div>`;

const component = {
  template,
  methods: {
    open(this: { trackEvent: (...args: unknown[]) => void }) {
      this.trackEvent('by_script', {}, 'cart');
    },
  },
};

const expected = [
  ['by_template', { label: 'a' }, undefined],
  ['by_older_name', {}, undefined],
  ['by_script', {}, 'cart'],
  ['by_attribute', { label: 'x', value: 0 }],
];

const clickAll = (element: Element): unknown[] => {
  const { trackEventSpy, triggerEvent } = bindInternalEventDocument(element);
  for (const selector of ['b', 'i', 'u', 's']) triggerEvent(selector);
  return trackEventSpy.mock.calls;
};

const compile = async (component: object) => {
  // The build with a compiler of templates, which a page without a bundler has.
  const { compile: build } = await import('vue/dist/vue.esm-bundler.js' as string);
  const { template, ...rest } = component as { template: string };
  return { ...rest, render: build(template) };
};

describe('Vue 3', () => {
  test('the mixin', async () => {
    const wrapper = mount(await compile({ ...component, mixins: [InternalEvents.mixin()] }) as never);
    expect(clickAll(wrapper.element as Element)).toEqual(expected);
  });

  test('the plugin', async () => {
    const wrapper = mount(await compile(component) as never, { global: { plugins: [InternalEventsPlugin] } });
    expect(clickAll(wrapper.element as Element)).toEqual(expected);
  });

  test('the plugin with options starts', () => {
    const init = vi.spyOn(InternalEvents, 'init').mockImplementation(() => {});
    mount({ render: () => h('p') }, { global: { plugins: [[InternalEventsPlugin, { appId: 'shop' }]] } });
    expect(init).toHaveBeenCalledWith({ appId: 'shop' });
  });

  test('setup', () => {
    const { trackEventSpy } = bindInternalEventDocument();
    mount(defineComponent({
      setup() {
        const { trackEvent, track_event } = useInternalEvents();
        trackEvent('one', { label: 'a' });
        track_event('two');
        return () => h('p');
      },
    }));
    expect(trackEventSpy).toHaveBeenCalledWith('one', { label: 'a' }, undefined);
    expect(trackEventSpy).toHaveBeenCalledWith('two', {}, undefined);
  });
});

describe('Vue 2', () => {
  test('the mixin', () => {
    const it = new Vue2({ ...component, mixins: [InternalEvents.mixin()] }).$mount();
    expect(clickAll(it.$el)).toEqual(expected);
  });

  test('the plugin', () => {
    const Local = Vue2.extend();
    InternalEventsPlugin.install(Local);
    expect(clickAll(new Local(component).$mount().$el)).toEqual(expected);
  });
});
