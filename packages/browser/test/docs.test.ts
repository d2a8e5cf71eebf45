// The examples in docs/browser.md, run as they are written there.

import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { mount } from '@vue/test-utils';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { compileScript, parse } from 'vue/compiler-sfc';
import { useMockInternalEventsTracking } from '@internal-events/browser/testing';

const folder = join(process.cwd(), 'test', '.examples');
const text = readFileSync('../../docs/browser.md', 'utf8');
const examples = [...text.matchAll(/^```\w+ file=(\S+)\n([^]*?)^```$/gm)]
  .map(([, file, code]) => ({ file: file as string, code: code as string }));

const compile = (file: string, source: string): string => {
  const { descriptor, errors } = parse(source, { filename: file });
  expect(errors).toEqual([]);
  if (descriptor.scriptSetup) {
    return compileScript(descriptor, { id: file, inlineTemplate: true }).content;
  }
  const template = JSON.stringify(descriptor.template?.content);
  return `${descriptor.script?.content.replace('export default', 'const component =')}
import { compile } from 'vue/dist/vue.esm-bundler.js';
export default { ...component, render: compile(${template}) };`;
};

const definition = (action: string): string =>
  `action: ${action}\nadditional_properties:\n  label:\n    description: x\n  value:\n    description: x\n`;

rmSync(folder, { recursive: true, force: true });
mkdirSync(join(folder, 'config/events'), { recursive: true });
for (const action of ['create_order', 'open_page', 'open_help']) {
  writeFileSync(join(folder, 'config/events', `${action}.yml`), definition(action));
}
for (const { file, code } of examples) {
  const isComponent = file.endsWith('.vue');
  const written = isComponent ? compile(file, code) : code
    .replace(/'(\.\/\w+\.vue)'/g, "'$1.js'")
    .replace("'config/events'", JSON.stringify(join(folder, 'config/events')));
  writeFileSync(join(folder, isComponent ? `${file}.js` : file), written);
}

const load = (file: string): Promise<{ default: never }> =>
  import(/* @vite-ignore */ join(folder, file));

test('there are examples', () => {
  expect(examples.map((it) => it.file)).toEqual([
    'OrderForm.vue', 'OrderButton.vue', 'order_form.test.js', 'help.test.js', 'in_memory.test.js',
  ]);
});

// Their tests become tests of this file; that for Jest is run by Jest.
await load('order_form.test.js');
await load('in_memory.test.js');

describe('components', () => {
  const { bindInternalEventDocument } = useMockInternalEventsTracking({ beforeEach, afterEach });

  test('the composable', async () => {
    const { trackEventSpy } = bindInternalEventDocument();
    await mount((await load('OrderButton.vue.js')).default).trigger('click');
    expect(trackEventSpy).toHaveBeenCalledWith('create_order', { label: 'button' }, undefined);
  });

  test('the method in a template', async () => {
    const { trackEventSpy } = bindInternalEventDocument();
    await mount((await load('OrderForm.vue.js')).default).find('.look').trigger('click');
    expect(trackEventSpy).toHaveBeenCalledWith('open_page', {}, undefined);
  });
});

/** The rows of the table under a heading, first columns only. */
const rows = (heading: string): string[] =>
  (text.split(`## ${heading}\n`)[1] ?? '').split('\n## ')[0]?.match(/^\| `.*$/gm)
    ?.flatMap((row) => (row.split('|')[1] ?? '').match(/`[^`]+`/g) ?? [])
    .map((it) => it.slice(1, -1)) ?? [];

test('the table of options names all there are', () => {
  const source = readFileSync('src/options.ts', 'utf8');
  const members = (name: string) =>
    [...(source.split(`export interface ${name} {`)[1]?.split('\n}')[0] ?? '')
      .matchAll(/^ {2}readonly (\w+)\??:/gm)].map(([, it]) => it as string);
  const expected = members('Options').flatMap((it) =>
    it === 'batch' ? members('BatchLimits').map((member) => `batch.${member}`)
      : it === 'queue' ? members('QueueLimits').map((member) => `queue.${member}`) : [it]);
  expect(rows('Options').sort()).toEqual(expected.sort());
});
