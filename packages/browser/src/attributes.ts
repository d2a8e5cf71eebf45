/** Events that are written into the page as `data-event-…` attributes. */

/** What is called with the event and the properties of an element. */
export type Track = (event: string, properties: Record<string, unknown>) => void;

const ATTRIBUTE = 'data-event-tracking';
const LOAD = `[${ATTRIBUTE}][${ATTRIBUTE}-load="true"]`;

/** Reads what an element says of its event; `warn` is told what cannot be read. */
export const readAttributes = (
  element: Element,
  warn: (name: string, text: string) => void,
): Record<string, unknown> => {
  const get = (name: string): string | null => element.getAttribute(`data-event-${name}`);
  const properties: Record<string, unknown> = Object.create(null);
  for (const name of ['label', 'property']) {
    const text = get(name);
    if (text !== null) properties[name] = text;
  }
  const value = get('value');
  if (value?.trim()) {
    const number = Number(value);
    if (Number.isFinite(number)) properties['value'] = number;
    else warn('value', value);
  }
  const additional = get('additional');
  if (additional) {
    try {
      const read: unknown = JSON.parse(additional);
      if (!read || typeof read !== 'object' || Array.isArray(read)) throw additional;
      Object.assign(properties, read);
    } catch {
      warn('additional', additional);
    }
  }
  // Objects with a prototype, for tests compare them with literals; its own members win.
  return { ...properties };
};

const isElement = (it: unknown): it is Element => (it as Node | null)?.nodeType === 1;

const isLoad = (element: Element): boolean => element.getAttribute(`${ATTRIBUTE}-load`) === 'true';

/** The innermost element a click is tracked for, looking through shadow roots. */
const clicked = (path: readonly EventTarget[], parent: EventTarget): Element | undefined => {
  for (const it of path) {
    if (
      isElement(it) && it.getAttribute(ATTRIBUTE) &&
      (!isLoad(it) || it.getAttribute(`${ATTRIBUTE}-click`) === 'true')
    ) return it;
    if (it === parent) break;
  }
  return undefined;
};

/** Tracks what data attributes say. */
export interface Attributes {
  bind: (parent: Document | Element | ShadowRoot) => (() => void) | null;
  load: (parent: ParentNode) => ArrayLike<Element>;
  /** Tracks elements that are loaded later. */
  observe: (parent: Node) => void;
}

/** Makes it; `guard` keeps what is thrown from the page. */
export const createAttributes = (
  track: Track,
  warn: (name: string, text: string) => void,
  guard: (work: () => void) => void,
): Attributes => {
  const bound = new WeakSet<EventTarget>();
  const handled = new WeakSet<Event>();
  const loaded = new WeakSet<Element>();

  const fire = (element: Element): void =>
    track(element.getAttribute(ATTRIBUTE) as string, readAttributes(element, warn));

  const fireLoaded = (element: Element): void => {
    if (loaded.has(element) || !element.getAttribute(ATTRIBUTE)) return;
    loaded.add(element);
    fire(element);
  };

  const load = (parent: ParentNode): ArrayLike<Element> => {
    const all = parent.querySelectorAll(LOAD);
    guard(() => all.forEach(fireLoaded));
    return all;
  };

  return {
    bind: (parent) => {
      if (bound.has(parent)) return null;
      bound.add(parent);
      const listen = (event: Event): void => guard(() => {
        // A parent may lie in another one that is bound too.
        if (handled.has(event)) return;
        const element = clicked(event.composedPath(), parent);
        if (!element) return;
        handled.add(event);
        fire(element);
      });
      // While it goes down, for the page may stop it on its way up, and change the element.
      parent.addEventListener('click', listen, true);
      return () => {
        bound.delete(parent);
        parent.removeEventListener('click', listen, true);
      };
    },
    load,
    observe: (parent) => {
      new MutationObserver((records) => guard(() => {
        for (const record of records) {
          for (const node of record.addedNodes) {
            if (!isElement(node)) continue;
            if (node.matches(LOAD)) fireLoaded(node);
            load(node);
          }
        }
      })).observe(parent, { childList: true, subtree: true });
    },
  };
};
