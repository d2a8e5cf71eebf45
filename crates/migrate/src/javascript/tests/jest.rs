//! Specs.

use super::{check, refuse};
use crate::Reason;

const IMPORT: &str = "import { mockTracking, unmockTracking } from 'helpers/tracking_helper';";

#[test]
fn a_spy_of_a_component_s_calls_is_replaced() {
    let before = "\
import { shallowMount } from '@vue/test-utils';
import { mockTracking, unmockTracking } from 'helpers/tracking_helper';

describe('Button', () => {
  let trackingSpy;

  beforeEach(() => {
    trackingSpy = mockTracking(undefined, wrapper.element, jest.spyOn);
  });

  afterEach(() => {
    unmockTracking();
  });

  it('tracks', () => {
    expect(trackingSpy).toHaveBeenCalledTimes(2);
    expect(trackingSpy).toHaveBeenCalledWith(undefined, 'click_x', { label: 'a', extra: { b: 1 } });
    expect(trackingSpy).toHaveBeenNthCalledWith(1, 'c', 'click_y', expect.any(Object));
    expect(trackingSpy).not.toHaveBeenCalledWith('c', 'click_z');
    trackingSpy.mockClear();
  });
});
";
    let after = "\
import { shallowMount } from '@vue/test-utils';
import { useMockInternalEventsTracking } from 'helpers/tracking_internal_events_helper';

const { bindInternalEventDocument } = useMockInternalEventsTracking();

describe('Button', () => {
  let trackingSpy;

  beforeEach(() => {
    trackingSpy = bindInternalEventDocument(wrapper.element).trackEventSpy;
  });

  it('tracks', () => {
    expect(trackingSpy).toHaveBeenCalledTimes(2);
    expect(trackingSpy).toHaveBeenCalledWith('click_x', { label: 'a', b: 1 }, undefined);
    expect(trackingSpy).toHaveBeenNthCalledWith(1, 'click_y', expect.any(Object), undefined);
    expect(trackingSpy).not.toHaveBeenCalledWith('click_z');
    trackingSpy.mockClear();
  });
});
";
    check(before, after);
}

#[test]
fn other_forms_of_specs_are_known() {
    let new =
        "import { useMockInternalEventsTracking } from 'helpers/tracking_internal_events_helper';";
    let bind = "const { bindInternalEventDocument } = useMockInternalEventsTracking();";
    for (before, after) in [
        (
            "it('x', () => {\n  const spy = mockTracking();\n  expect(spy).toHaveBeenCalledWith('c', 'x', expect.objectContaining({ category: 'c', label: 'a' }));\n  unmockTracking();\n});",
            "it('x', () => {\n  const spy = bindInternalEventDocument(document).trackEventSpy;\n  expect(spy).toHaveBeenCalledWith('x', expect.objectContaining({ label: 'a' }), undefined);\n});",
        ),
        (
            "it('x', () => {\n  const spy = mockTracking();\n  expect(spy).not.toHaveBeenCalled();\n  unmockTracking();\n});",
            "it('x', () => {\n  const spy = bindInternalEventDocument(document).trackEventSpy;\n  expect(spy).not.toHaveBeenCalled();\n});",
        ),
        (
            "it('x', () => { mockTracking('c', wrapper.element); });\nafterEach(unmockTracking);\n",
            "it('x', () => { bindInternalEventDocument(wrapper.element); });\n",
        ),
        (
            "it('x', () => { mockTracking('c', null, jest.spyOn); });\nafterEach(() => unmockTracking());\n",
            "it('x', () => { bindInternalEventDocument(document); });\n",
        ),
        (
            "afterEach(() => {\n  wrapper.destroy();\n  unmockTracking();\n});\nit('x', () => { mockTracking(); });\n",
            "afterEach(() => {\n  wrapper.destroy();\n});\nit('x', () => { bindInternalEventDocument(document); });\n",
        ),
    ] {
        check(&format!("{IMPORT}\n\n{before}"), &format!("{new}\n\n{bind}\n\n{after}"));
    }
}

#[test]
fn what_a_spec_does_otherwise_is_refused() {
    let within = |it: &str| {
        format!("{IMPORT}\nit('x', () => {{\n  const spy = mockTracking();\n  {it}\n}});")
    };
    for (line, reason, part) in [
        ("expect(spy).toHaveBeenCalledWith('c', ACTION, {});", Reason::ComputedName, "ACTION"),
        ("expect(spy).toHaveBeenCalledWith(...all);", Reason::NotUnderstood, "...all"),
        ("expect(spy).toHaveBeenCalledWith('c', 'x', data);", Reason::IndirectArguments, "data"),
        ("expect(spy.mock.calls).toEqual([]);", Reason::NotUnderstood, "spy.mock.calls"),
        ("expect(spy).toMatchSnapshot();", Reason::NotUnderstood, "toMatchSnapshot"),
        ("check(spy);", Reason::NotUnderstood, "check(spy)"),
        ("if (a) { unmockTracking(), b(); }", Reason::NotUnderstood, "unmockTracking()"),
        ("bind(mockTracking);", Reason::NotUnderstood, "bind(mockTracking)"),
        ("check(mockTracking());", Reason::NotUnderstood, "check(mockTracking())"),
    ] {
        refuse(&within(line), reason, part);
    }
    for (text, part) in [
        (
            "import { triggerEvent } from 'helpers/tracking_helper';\ntriggerEvent('.a');",
            "triggerEvent('.a')",
        ),
        (
            "import { mockTracking } from 'helpers/tracking_helper';\ndescribe('a', () => { mockTracking(); });",
            "before the spy",
        ),
        (
            "import { mockTracking } from 'helpers/tracking_helper';\nmockTracking('c', null, spyOn);",
            "another kind",
        ),
        (
            "import Tracking from '~/tracking';\njest.spyOn(Tracking, 'event');",
            "it runs before the spy is there: `jest.spyOn(Tracking, 'event')`",
        ),
        (
            "import Tracking from '~/tracking';\nexpect(Tracking.event).toHaveBeenCalled();",
            "expect(Tracking.event)",
        ),
    ] {
        refuse(text, Reason::NotUnderstood, part);
    }
}

const SPIED: &str = "import Tracking from '~/tracking';";
const BOUND: &str = "import { useMockInternalEventsTracking } from 'helpers/tracking_internal_events_helper';\n\nconst { bindInternalEventDocument } = useMockInternalEventsTracking();";

#[test]
fn a_spy_of_tracking_itself_is_replaced() {
    for (before, after) in [
        // One that nobody looks at.
        (
            "beforeEach(() => {\n  jest.spyOn(Tracking, 'event');\n});",
            "beforeEach(() => {\n  bindInternalEventDocument(document);\n});",
        ),
        // One with a name.
        (
            "describe('a', () => {\n  let spy;\n\n  beforeEach(() => {\n    spy = jest.spyOn(Tracking, 'event');\n  });\n\n  it('b', () => {\n    expect(spy).toHaveBeenCalledWith(undefined, 'x', { label: 'c' });\n  });\n});",
            "describe('a', () => {\n  let spy;\n\n  beforeEach(() => {\n    spy = bindInternalEventDocument(document).trackEventSpy;\n  });\n\n  it('b', () => {\n    expect(spy).toHaveBeenCalledWith('x', { label: 'c' }, undefined);\n  });\n});",
        ),
        // What is expected may have a name.
        (
            "const payload = { label: 'c' };\nit('a', () => {\n  const spy = jest.spyOn(Tracking, 'event');\n  expect(spy).toHaveBeenCalledWith(undefined, 'x', payload);\n});",
            "const payload = { label: 'c' };\nit('a', () => {\n  const spy = bindInternalEventDocument(document).trackEventSpy;\n  expect(spy).toHaveBeenCalledWith('x', payload, undefined);\n});",
        ),
        // One that does nothing.
        (
            "it('a', () => {\n  const spy = jest.spyOn(Tracking, 'event').mockImplementation(() => {});\n  expect(spy).not.toHaveBeenCalled();\n});",
            "it('a', () => {\n  const spy = bindInternalEventDocument(document).trackEventSpy.mockImplementation(() => {});\n  expect(spy).not.toHaveBeenCalled();\n});",
        ),
        // One without a name, in the example that looks at it.
        (
            "it('a', async () => {\n  jest.spyOn(Tracking, 'event');\n  expect(Tracking.event).toHaveBeenCalledWith('c', 'x');\n  Tracking.event.mockClear();\n  expect(Tracking.event).toHaveBeenCalledTimes(0);\n});",
            "it('a', async () => {\n  const { trackEventSpy } = bindInternalEventDocument(document);\n  expect(trackEventSpy).toHaveBeenCalledWith('x');\n  trackEventSpy.mockClear();\n  expect(trackEventSpy).toHaveBeenCalledTimes(0);\n});",
        ),
        (
            "it.each([1])('a', () => {\n  jest.spyOn(Tracking, 'event').mockReturnValue(1);\n  expect(Tracking.event).not.toHaveBeenCalled();\n});",
            "it.each([1])('a', () => {\n  const trackEventSpy = bindInternalEventDocument(document).trackEventSpy.mockReturnValue(1);\n  expect(trackEventSpy).not.toHaveBeenCalled();\n});",
        ),
        // One without a name, in a hook.
        (
            "describe('a', () => {\n  beforeEach(() => {\n    jest.spyOn(Tracking, 'event');\n    mount();\n  });\n\n  it('b', () => {\n    expect(Tracking.event).toHaveBeenCalledWith(undefined, 'x', { label: 'c' });\n  });\n});",
            "describe('a', () => {\n  let trackEventSpy;\n\n  beforeEach(() => {\n    trackEventSpy = bindInternalEventDocument(document).trackEventSpy;\n    mount();\n  });\n\n  it('b', () => {\n    expect(trackEventSpy).toHaveBeenCalledWith('x', { label: 'c' }, undefined);\n  });\n});",
        ),
        // Two hooks of one block, and one of an inner one, have one variable.
        (
            "describe('a', () => {\n  beforeEach(() => {\n    jest.spyOn(Tracking, 'event');\n  });\n\n  const create = () => {\n    jest.spyOn(Tracking, 'event');\n  };\n\n  describe('b', () => {\n    beforeEach(() => {\n      jest.spyOn(Tracking, 'event');\n    });\n\n    it('c', () => {\n      create();\n      expect(Tracking.event).toHaveBeenCalledTimes(1);\n    });\n  });\n});",
            "describe('a', () => {\n  let trackEventSpy;\n\n  beforeEach(() => {\n    trackEventSpy = bindInternalEventDocument(document).trackEventSpy;\n  });\n\n  const create = () => {\n    trackEventSpy = bindInternalEventDocument(document).trackEventSpy;\n  };\n\n  describe('b', () => {\n    beforeEach(() => {\n      trackEventSpy = bindInternalEventDocument(document).trackEventSpy;\n    });\n\n    it('c', () => {\n      create();\n      expect(trackEventSpy).toHaveBeenCalledTimes(1);\n    });\n  });\n});",
        ),
    ] {
        check(&format!("{SPIED}\n\n{before}\n"), &format!("{BOUND}\n\n{after}\n"));
    }
}

#[test]
fn a_spy_of_tracking_itself_stays_where_that_cannot_be_proven() {
    let hook = "beforeEach(() => { jest.spyOn(Tracking, 'event'); });";
    for (rest, part) in [
        // Out of the reach of its name.
        (
            "describe('a', () => { beforeEach(() => { jest.spyOn(Tracking, 'event'); }); });\nit('b', () => { expect(Tracking.event).toHaveBeenCalled(); });".to_owned(),
            "no spy with a name is in reach",
        ),
        (format!("{hook}\nit('a', () => {{ check(Tracking.event.mock.calls); }});"), "one by one"),
        (format!("{hook}\nit('a', () => {{ check(Tracking.event); }});"), "passed on"),
        (format!("{hook}\nit('a', () => {{ Tracking.event = jest.fn(); }});"), "no spy with a name"),
        (format!("{hook}\nit('a', () => {{ mount(Tracking); }});"), "`Tracking` is passed on"),
        (
            "it('a', () => { jest.spyOn(Tracking, 'event'); b(); jest.spyOn(Tracking, 'event'); expect(Tracking.event).toHaveBeenCalled(); });".to_owned(),
            "one example has two spies",
        ),
        (format!("jest.mock('~/tracking');\n{hook}"), "the whole module is mocked"),
        (
            format!("{hook}\nit('a', () => {{ const trackEventSpy = 1; expect(Tracking.event).toHaveBeenCalled(); }});"),
            "none can be given",
        ),
        (
            "beforeEach(() => { jest.spyOn(Tracking, 'event').mockImplementation((category) => category); });".to_owned(),
            "something of its own",
        ),
        (
            "beforeEach(() => { jest.spyOn(Tracking, 'event').mockImplementation(handle); });".to_owned(),
            "something of its own",
        ),
        (
            format!("{hook}\nit('a', () => {{ expect(Tracking.event).toHaveBeenCalledWith('c', 'x', data); }});"),
            "comes from somewhere else",
        ),
    ] {
        let text = format!("{SPIED}\n\n{rest}\n");
        let reason = if part.starts_with("comes") { Reason::IndirectArguments } else { Reason::NotUnderstood };
        refuse(&text, reason, part);
    }
}
