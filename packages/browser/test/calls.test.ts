// What a call becomes on the wire, by either protocol.

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Options } from '../src/index.ts';
import { createOrigin } from './support.ts';

const world = globalThis as Record<string, unknown>;

beforeEach(() => {
  document.body.dataset['page'] = 'shop:index';
});
afterEach(() => {
  delete world['gl'];
  delete world['gon'];
  document.head.innerHTML = '';
});

type Members = Record<string, any>;

const send = async (call: readonly unknown[], options: Options = {}): Promise<Members> => {
  const origin = createOrigin();
  const page = origin.open(options);
  (page.trackEvent as (...args: readonly unknown[]) => void)(...call);
  await page.flush();
  return JSON.parse(origin.requests[0]?.body ?? '{}');
};

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

describe('Snowplow', () => {
  test('the whole of a body', async () => {
    const body = await send(
      ['place_order', { label: 'ebook', property: 'basket', value: 0.5, isbn: '1', gift: true }],
      { appId: 'shop', user: 5, project: 7, namespace: '9' },
    );
    expect(body['schema']).toBe('iglu:com.snowplowanalytics.snowplow/payload_data/jsonschema/1-0-4');
    const [event] = body['data'];
    expect(event).toEqual({
      e: 'se', p: 'web', tv: 'internal-events-0.0.0', tna: 'internal-events', aid: 'shop',
      eid: expect.stringMatching(UUID), dtm: expect.stringMatching(/^\d{13}$/),
      stm: expect.stringMatching(/^\d{13}$/), se_ca: 'shop:index', se_ac: 'place_order',
      se_la: 'ebook', se_pr: 'basket', se_va: '0.5', co: expect.any(String),
    });
    expect(JSON.parse(event.co)).toEqual({
      schema: 'iglu:com.snowplowanalytics.snowplow/contexts/jsonschema/1-0-0',
      data: [
        {
          schema: 'iglu:com.gitlab/gitlab_standard/jsonschema/1-1-8',
          data: {
            environment: 'production', source: 'internal-events-javascript',
            user_id: 5, project_id: 7, namespace_id: '9', extra: { isbn: '1', gift: true },
          },
        },
        {
          schema: 'iglu:com.gitlab/gitlab_service_ping/jsonschema/1-0-1',
          data: { event_name: 'place_order', data_source: 'redis_hll' },
        },
      ],
    });
  });

  /** Compares some members of the only event. */
  const check = (title: string, call: readonly unknown[], expected: Members, options: Options = {}) =>
    test(title, async () => expect((await send(call, options))['data'][0]).toMatchObject(expected));
  check('an event alone', ['e'], { se_ac: 'e' });
  check('a value of 0', ['e', { value: 0 }], { se_va: '0' });
  check('a negative value', ['e', { value: -2.25 }], { se_va: '-2.25' });
  check('an empty label', ['e', { label: '' }], { se_la: '' });
  check('a category', ['e', {}, 'cart'], { se_ca: 'cart' });
  check('a category for all', ['e'], { se_ca: 'app' }, { category: 'app' });
  check('null properties', ['e', null], { se_ac: 'e' });
  check('letters of the world', ['e', { label: 'Füße 🦶' }], { se_la: 'Füße 🦶' });

  test('without any page, the category is that of the library', async () => {
    delete document.body.dataset['page'];
    expect((await send(['e']))['data'][0].se_ca).toBe('InternalEventTracking');
  });

  test('another path, and versions of schemas', async () => {
    const origin = createOrigin();
    const page = origin.open({
      endpoint: 'https://c.example', path: '/a/b', standardSchema: 'iglu:s', servicePingSchema: 'iglu:p',
    });
    page.trackEvent('e');
    await page.flush();
    expect(origin.requests[0]?.url).toBe('https://c.example/a/b');
    expect(origin.requests[0]?.body).toMatch(/iglu:s.*iglu:p/);
  });
});

describe('what a GitLab page provides', () => {
  const context = {
    schema: 'iglu:com.gitlab/gitlab_standard/jsonschema/1-1-7',
    data: { environment: 'org', source: 'gitlab-rails', plan: 'free', user_id: 'hash=', project_id: 3,
      namespace_id: 4, extra: { a: 1 } },
  };
  const standard = async (options: Options = {}) => {
    const body = await send(['e', { b: 2 }], options);
    return JSON.parse(body['data'][0].co).data[0];
  };
  beforeEach(() => {
    world['gl'] = { snowplowStandardContext: context, snowplowPseudonymizedPageUrl: 'https://x/p1' };
    world['gon'] = { current_user_id: 42 };
  });

  test('its context, with our source and its extra', async () => {
    expect(await standard()).toEqual({
      schema: context.schema,
      data: { ...context.data, source: 'internal-events-javascript', user_id: 42, extra: { a: 1, b: 2 } },
    });
  });
  test('its address without what is private', async () => {
    expect((await send(['e']))['data'][0].url).toBe('https://x/p1');
  });

  /** Which user is told, for whom. */
  const check = (title: string, options: Options, expected: unknown) =>
    test(title, async () => expect((await standard(options)).data.user_id).toEqual(expected));
  check('the user to the own origin', {}, 42);
  check('the pseudonym to another one', { endpoint: 'https://c.example' }, 'hash=');
  check('the user who is given', { endpoint: 'https://c.example', user: 6 }, 6);
  check('nobody, if so given', { user: null }, null);

  test('by REST', async () => {
    const body = await send(['e'], { transport: 'rest' });
    expect(body).toMatchObject({ user_id: 42, project_id: 3, namespace_id: 4 });
  });
});

describe('REST', () => {
  test('one event', async () => {
    const origin = createOrigin();
    const page = origin.open({ transport: 'rest', user: 5 });
    page.trackEvent('e', { label: 'a', value: 0, isbn: '1' });
    await page.flush();
    expect(origin.requests[0]?.url).toBe('/api/v4/usage_data/track_event');
    expect(JSON.parse(origin.requests[0]?.body ?? '')).toEqual({
      event: 'e', event_id: expect.stringMatching(UUID), user_id: 5, project_id: null,
      namespace_id: null, category: 'shop:index',
      additional_properties: { label: 'a', value: 0, isbn: '1' },
    });
  });
  test('several', async () => {
    const origin = createOrigin();
    const page = origin.open({ transport: 'rest' });
    page.trackEvent('e');
    page.track_event('f');
    await page.flush();
    expect(origin.requests[0]?.url).toBe('/api/v4/usage_data/track_events');
    expect(JSON.parse(origin.requests[0]?.body ?? '').events).toHaveLength(2);
  });
});

describe('options', () => {
  test('in the page, under those of the call', async () => {
    document.head.innerHTML =
      `<meta name="internal-events" content='{"appId": "meta", "user": 1}'>`;
    const body = await send(['e'], { user: 2 });
    expect(body['data'][0].aid).toBe('meta');
    expect(body['data'][0].co).toContain('"user_id":2');
  });
  test('that are no JSON cost no event', async () => {
    document.head.innerHTML = `<meta name="internal-events" content='{appId}'>`;
    expect((await send(['e']))['data']).toHaveLength(1);
  });
  test('given a second time change only what is given', async () => {
    const origin = createOrigin();
    const page = origin.open({ appId: 'shop', user: 1 });
    page.trackEvent('e');
    page.init({ user: 2 });
    page.trackEvent('f');
    await page.flush();
    const { data } = JSON.parse(origin.requests[0]?.body ?? '');
    expect(data.map((it: Members) => it['aid'])).toEqual(['shop', 'shop']);
    expect(data.map((it: Members) => JSON.parse(it['co']).data[0].data.user_id)).toEqual([1, 2]);
  });
});

describe('hostile calls', () => {
  const circular: Members = {};
  circular['self'] = circular;
  const throwing = { get label() { throw new Error('no'); }, property: 'p' };
  const proxy = new Proxy({}, { ownKeys: () => { throw new Error('no'); } });
  const nameless = { toString: () => { throw new Error('no'); } };

  /** What of the event's properties arrives; `undefined` if no event does. */
  const check = (title: string, call: readonly unknown[], expected: Members | undefined) =>
    test(title, async () => {
      const origin = createOrigin();
      const page = origin.open({ transport: 'rest' });
      expect(() => (page.trackEvent as (...args: readonly unknown[]) => void)(...call)).not.toThrow();
      await page.flush();
      const [event] = origin.received();
      expect(event?.properties).toEqual(expected);
      if (!expected) expect(page.health().dropped).toEqual({ invalid: 1 });
    });
  check('no name', [], undefined);
  check('an empty name', [''], undefined);
  check('a name that is no text', [7], undefined);
  check('a name that cannot be a text', [nameless], undefined);
  check('circular', ['e', { circular, label: 'a' }], { label: 'a' });
  check('a getter that throws', ['e', throwing], { property: 'p' });
  check('a proxy that throws', ['e', proxy], undefined);
  check('a list', ['e', [1, 2]], { 0: 1, 1: 2 });
  check('a text for properties', ['e', 'label'], {});
  check('numbers that are none', ['e', { value: NaN, a: Infinity, b: 1 }], { b: 1 });
  check('a value that is a text', ['e', { value: '3' }], {});
  check('a label that is a number', ['e', { label: 3 }], {});
  check('functions, symbols and large integers', ['e', { a: () => 1, b: Symbol('b'), c: 1n }], {});
  check('a property called __proto__', ['e', JSON.parse('{"__proto__": "x", "constructor": "y"}')],
    JSON.parse('{"__proto__": "x", "constructor": "y"}'));
  check('a category that is no text', ['e', {}, nameless], {});

  test('what a page does to prototypes reaches no event', async () => {
    const prototype = Object.prototype as Members;
    const list = Array.prototype as unknown as Members;
    prototype['endpoint'] = 'https://evil.example';
    prototype['user'] = 666;
    prototype['label'] = 'evil';
    prototype['toJSON'] = list['toJSON'] = () => 'evil';
    try {
      const origin = createOrigin();
      const page = origin.open();
      page.trackEvent('e', {});
      await page.flush();
      const { url, body } = origin.requests[0] ?? { url: '', body: '' };
      expect(url).toBe('/com.snowplowanalytics.snowplow/tp2');
      expect(body).not.toContain('evil');
      expect(body).not.toContain('666');
      expect(JSON.parse(body).data[0].se_ac).toBe('e');
    } finally {
      for (const name of ['endpoint', 'user', 'label', 'toJSON']) delete prototype[name];
      delete list['toJSON'];
    }
  });

  test('a JSON that was replaced', async () => {
    const { stringify } = JSON;
    JSON.stringify = () => { throw new Error('no'); };
    try {
      const origin = createOrigin();
      const page = origin.open();
      page.trackEvent('e');
      await page.flush();
      expect(page.health().sent).toBe(1);
    } finally {
      JSON.stringify = stringify;
    }
  });
});
