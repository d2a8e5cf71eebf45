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
            "jest.spyOn(Tracking, 'event')",
        ),
        (
            "import Tracking from '~/tracking';\nexpect(Tracking.event).toHaveBeenCalled();",
            "expect(Tracking.event)",
        ),
    ] {
        refuse(text, Reason::NotUnderstood, part);
    }
}
