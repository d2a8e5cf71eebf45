/** All that the package needs of the world around it. */

import type { PageValues } from './call.ts';
import type { Outgoing, } from './protocol.ts';
import type { Store } from './queue.ts';

/** What became of a request; `status` 0 when that is not known. */
export interface Answer {
  readonly status: number;
  /** Seconds, or a date. */
  readonly retryAfter?: string | null;
}

/** How a request is sent. */
export interface Sending {
  /** It has to outlive the page. */
  readonly keepalive: boolean;
  readonly headers: Readonly<Record<string, string>> | undefined;
  readonly credentials: RequestCredentials | undefined;
}

/** A way to send requests. It may throw, and never answer. */
export type Transport = (request: Outgoing, sending: Sending) => Promise<Answer>;

/** All that the package needs of the world around it; tests bring their own. */
export interface World {
  readonly now: () => number;
  /** From 0 to 1. */
  readonly random: () => number;
  readonly uuid: () => string;
  readonly wait: (work: () => void, milliseconds: number) => unknown;
  readonly stop: (timer: unknown) => void;
  readonly transport: Transport;
  /** May throw. */
  readonly storage: () => Store | undefined;
  /**
   * Runs work when no other page of the origin does so under this name, and tells it so; or runs
   * it all the same, and tells it that it is not alone.
   */
  readonly alone: (name: string, work: (isAlone: boolean) => Promise<void>) => Promise<void>;
  readonly page: () => PageValues;
  readonly category: () => string | undefined;
  /** Options that the page gives; may throw. */
  readonly given: () => unknown;
  /** Whether the visitor sends Global Privacy Control, or Do-Not-Track. */
  readonly privacy: () => { readonly gpc: boolean; readonly dnt: boolean };
  /** Whether requests to this address go to another origin. */
  readonly isForeign: (url: string) => boolean;
  readonly onLeave: (work: () => void) => void;
  readonly onOnline: (work: () => void) => void;
  readonly log: (...message: readonly unknown[]) => void;
}
