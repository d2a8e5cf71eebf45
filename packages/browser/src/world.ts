/** What the package needs of the world around it, and tests bring themselves. */

import type { Store } from './queue.ts';

/** What became of a request; `status` 0 when that is not known. */
export interface Answer {
  readonly status: number;
  /** Seconds, or a date. */
  readonly retryAfter?: string | null;
}

/** A request to be sent. */
export interface Outgoing {
  readonly url: string;
  readonly type: string;
  readonly body: string;
  /** It may outlive the page. */
  readonly keepalive: boolean;
  /** The page may be gone before there is an answer. */
  readonly isLast: boolean;
  readonly headers: Readonly<Record<string, string>> | undefined;
  readonly credentials: RequestCredentials | undefined;
}

/** Sends a request. It may throw, and never answer. */
export type Transport = (request: Outgoing) => Promise<Answer>;

/**
 * Runs work when no other page of the origin does so under this name, and tells it so; or runs it
 * all the same, and tells it that it is not alone.
 */
export type Alone = (name: string, work: (isAlone: boolean) => Promise<void>) => Promise<void>;

/** What the package needs of the world around it. */
export interface World {
  readonly transport: Transport;
  /** May throw. */
  readonly storage: () => Store | undefined;
  readonly alone: Alone;
}
