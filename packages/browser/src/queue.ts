/**
 * Events that wait: those of this page in memory, and a copy of each in the storage that all pages
 * of the origin share, under a key of its own, so that no page overwrites what another one keeps.
 */

import type { QueueLimits } from './options.ts';

/** What the queue needs of a storage; all of it may throw. */
export type Store = Pick<Storage, 'getItem' | 'setItem' | 'removeItem' | 'key' | 'length'>;

/** Works with the storage; gives nothing where it is full or forbidden. */
export type UseStore = <T>(work: (store: Store) => T) => T | undefined;

/** An event that waits. */
export interface Entry {
  readonly key: string;
  /** The event as it is written. */
  readonly text: string;
  readonly bytes: number;
  /** It was tracked in this page, and not found in the storage. */
  readonly isOwn: boolean;
  isStored: boolean;
  /** It is in a request that was not answered yet. */
  isSent: boolean;
}

/** Events that wait. */
export interface Queue {
  readonly size: number;
  push: (text: string, time: number, id: string) => void;
  /** The oldest that are in no request, as many as fit; at least one. */
  batch: (count: number, bytes: number, isOnlyOwn: boolean) => Entry[];
  remove: (entries: Iterable<Entry>) => void;
  /** Takes in what other pages left, and forgets what other pages sent. */
  sync: () => void;
  /** Leaves to other pages what is theirs. */
  leave: () => void;
  /** Stores what is in memory only, as far as there is room. */
  persist: () => void;
  /** Says how many there were. */
  clear: () => number;
}

/** Bytes of a text in UTF-8, at most. */
const sizeOf = (text: string): number =>
  text.length + 2 * (text.match(/[^\0-\x7f]/g) || []).length;

const { parse } = JSON;

/** Whether it can be put into a body: others can write to the storage too. */
const isEvent = (text: string): boolean => {
  try {
    return text.startsWith('{"') && !!parse(text);
  } catch {
    return false;
  }
};

/** Makes a queue; `drop` is told how many were too many. */
export const createQueue = (
  storage: UseStore,
  prefix: string,
  limits: QueueLimits,
  drop: (n: number) => void,
): Queue => {
  let entries = new Map<string, Entry>();
  let bytes = 0;
  let stored = 0;

  const add = (key: string, text: string, isOwn: boolean): Entry => {
    const entry = {
      key, text, bytes: sizeOf(text), isOwn, isStored: !isOwn, isSent: false,
    };
    entries.set(key, entry);
    bytes += entry.bytes;
    return entry;
  };

  const forget = (entry: Entry): void => {
    if (entries.delete(entry.key)) bytes -= entry.bytes;
  };

  const keep = (entry: Entry): void => {
    if (entry.isStored || stored + entry.text.length > limits.stored) return;
    storage((it) => {
      it.setItem(entry.key, entry.text);
      entry.isStored = true;
      stored += entry.text.length;
    });
  };

  const remove = (all: Iterable<Entry>): void => {
    for (const entry of all) {
      forget(entry);
      if (!entry.isStored) continue;
      stored -= entry.text.length;
      storage((it) => it.removeItem(entry.key));
    }
  };

  /** Drops the oldest that are too many; a server may have those that are in a request. */
  const shrink = (): void => {
    let n = 0;
    for (const entry of entries.values()) {
      if (entries.size <= limits.count && bytes <= limits.bytes) break;
      if (entry.isSent) continue;
      remove([entry]);
      n++;
    }
    if (n) drop(n);
  };

  const keys = (it: Store): string[] =>
    Array.from({ length: it.length }, (_, nth) => it.key(nth) || '')
      .filter((key) => key.startsWith(`${prefix} `));

  return {
    get size() {
      return entries.size;
    },
    push: (text, time, id) => {
      const entry = add(`${prefix} ${time} ${id}`, text, true);
      storage((it) => it.getItem(prefix) || it.setItem(prefix, '1'));
      keep(entry);
      shrink();
    },
    batch: (count, room, isOnlyOwn) => {
      const batch: Entry[] = [];
      for (const entry of entries.values()) {
        if (entry.isSent || (isOnlyOwn && !entry.isOwn)) continue;
        room -= entry.bytes;
        if (batch.length >= count || (room < 0 && batch.length)) break;
        batch.push(entry);
      }
      return batch;
    },
    remove,
    sync: () => {
      storage((it) => {
        // Whoever empties the whole storage takes this key too: then nobody has sent our events.
        const isWhole = it.getItem(prefix);
        // Read before anything changes, for reading may fail.
        const found = new Map(keys(it).sort().map((key) => [key, it.getItem(key) || '']));
        for (const entry of entries.values()) {
          if (!entry.isStored || found.has(entry.key)) continue;
          if (isWhole) forget(entry);
          else entry.isStored = false;
        }
        stored = 0;
        // What others left is older than what is new here.
        const known = entries;
        entries = new Map();
        found.forEach((text, key) => {
          stored += text.length;
          if (!known.has(key) && isEvent(text)) add(key, text, false);
        });
        known.forEach((entry, key) => entries.set(key, entry));
        shrink();
      });
    },
    leave: () => {
      for (const entry of entries.values()) if (!entry.isOwn && !entry.isSent) forget(entry);
    },
    persist: () => entries.forEach(keep),
    clear: () => {
      const n = entries.size;
      entries.clear();
      bytes = stored = 0;
      storage((it) => keys(it).forEach((key) => it.removeItem(key)));
      return n;
    },
  };
};
