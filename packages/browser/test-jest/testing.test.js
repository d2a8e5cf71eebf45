// What users test their tracking with, under Jest.

import { InternalEvents } from '@internal-events/browser';
import { useMockInternalEventsTracking } from '@internal-events/browser/testing';

describe('useMockInternalEventsTracking', () => {
  const { bindInternalEventDocument } = useMockInternalEventsTracking();

  test.each([1, 2])('sees scripts and attributes, each test its own (%i)', () => {
    document.body.innerHTML =
      '<button id="buy" data-event-tracking="create_order" data-event-value="0"></button>';
    const { trackEventSpy, triggerEvent } = bindInternalEventDocument(document.body);
    expect(trackEventSpy).not.toHaveBeenCalled();

    InternalEvents.trackEvent('open_page', { label: 'a' }, undefined);
    triggerEvent('#buy');

    expect(trackEventSpy).toHaveBeenCalledTimes(2);
    expect(trackEventSpy).toHaveBeenCalledWith('open_page', { label: 'a' }, undefined);
    expect(trackEventSpy).toHaveBeenLastCalledWith('create_order', { value: 0 });
    expect(trackEventSpy.mock.calls).toHaveLength(2);
    expect(() => expect(trackEventSpy).toHaveBeenCalledWith('other')).toThrow('trackEvent');
  });
});
