/** Internal events in a page: raw JavaScript and data attributes. */

import type { InternalEventsApi } from './api.ts';
import { world } from './page.ts';
import { createInternalEvents } from './tracker.ts';

export type * from './api.ts';
export type { Value } from './call.ts';
export type { Cause } from './delivery.ts';
export type { BatchLimits, Identifier, Options, QueueLimits } from './options.ts';
export type { Alone, Answer, Outgoing, Transport, World } from './world.ts';
export { createInternalEvents };

/**
 * The events there are, by name, each with its additional properties.
 * Empty, any event may be tracked; declare members, by hand or by a generator, and only these may:
 *
 *     declare module '@internal-events/browser' {
 *       interface InternalEventsMap { create_order: { label?: string; value?: number } }
 *     }
 */
export interface InternalEventsMap {}

/** Internal events of this page. */
export const InternalEvents: InternalEventsApi = createInternalEvents(world);
