// What other code in a page may have done to it before our script runs, or after.
//
// `counts` is given where events can still be counted, with how many there are at least.

export const POISONS = [
  { name: 'that is as it should be', counts: 2 },
  {
    name: 'where every object has inherited properties',
    before: () => {
      Object.prototype.label = 'inherited';
      Object.prototype.endpoint = 'http://127.0.0.1:9';
      Object.prototype.user = 'inherited';
      Object.prototype.path = '/inherited';
      Object.prototype.transport = 'rest';
      Object.prototype.consent = 'required';
      Object.prototype.toJSON = undefined;
      Array.prototype.inherited = 'inherited';
    },
    counts: 2,
  },
  {
    name: 'where arrays and texts have a `toJSON` of old libraries',
    before: () => {
      Array.prototype.toJSON = function toJSON() { return `array:${this.length}`; };
      String.prototype.toJSON = function toJSON() { return `text:${this}`; };
    },
  },
  {
    name: 'whose `fetch` throws',
    before: () => { globalThis.fetch = () => { throw new Error('no fetch'); }; },
  },
  {
    name: 'whose `fetch` answers nonsense',
    before: () => { globalThis.fetch = () => ({ then: 'no function' }); },
  },
  {
    name: 'without `fetch`, `sendBeacon` and `crypto`',
    before: () => {
      delete globalThis.fetch;
      delete Navigator.prototype.sendBeacon;
      Object.defineProperty(globalThis, 'crypto', { value: undefined });
    },
  },
  {
    name: 'whose `JSON.stringify` is replaced later',
    after: () => { JSON.stringify = () => { throw new Error('no JSON'); }; },
  },
  {
    name: 'whose storage throws at each call',
    before: () => {
      for (const name of ['getItem', 'setItem', 'removeItem']) {
        Storage.prototype[name] = () => { throw new DOMException('full', 'QuotaExceededError'); };
      }
    },
    counts: 2,
  },
  {
    name: 'whose locks are never given',
    before: () => {
      Object.defineProperty(Navigator.prototype, 'locks', { value: { request: () => Promise.reject(new Error('no lock')) } });
    },
    counts: 2,
  },
  {
    name: 'without locks',
    before: () => { Object.defineProperty(Navigator.prototype, 'locks', { value: undefined }); },
    counts: 2,
  },
  {
    name: 'whose elements do not find the closest, and whose events have no path',
    before: () => {
      Element.prototype.closest = () => { throw new Error('no closest'); };
      Event.prototype.composedPath = () => { throw new Error('no path'); };
    },
  },
  {
    name: 'whose globals of GitLab are broken',
    before: () => {
      globalThis.gl = { get snowplowStandardContext() { throw new Error('gl'); } };
      Object.defineProperty(globalThis, 'gon', { get() { throw new Error('gon'); } });
    },
    counts: 2,
  },
  {
    name: 'whose clock stands still and whose dice always fall alike',
    before: () => {
      Date.now = () => 0;
      Math.random = () => 0;
    },
    counts: 2,
  },
];
