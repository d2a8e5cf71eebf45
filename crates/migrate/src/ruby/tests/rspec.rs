//! Specs.

use super::{check, first, refuse, run};
use crate::options::Options;
use crate::site::Reason;

fn example(body: &str) -> String {
    format!("it 'tracks' do\n  {}\nend\n", body.replace('\n', "\n  "))
}

#[test]
fn expectations_become_matchers() {
    let cases = [
        (
            "subject\n\nexpect_snowplow_event(category: 'c', action: 'x', user: user)",
            "expect { subject }.to trigger_internal_events('x').with(user: user)",
        ),
        (
            "subject\nexpect_snowplow_event(category: 'c', action: 'x')\nexpect(response).to be_ok",
            "expect { subject }.to trigger_internal_events('x')\nexpect(response).to be_ok",
        ),
        (
            "subject\nexpect_snowplow_event(category: 'c', action: 'x')",
            "expect { subject }.to trigger_internal_events('x')",
        ),
        (
            "stub_it\nget :show, params: { id: 1 }\n\nexpect_snowplow_event(\n  category: 'c',\n  action: 'x',\n  label: :l,\n  project: project,\n  namespace: project.namespace\n)",
            "stub_it\nexpect { get :show, params: { id: 1 } }\n  .to trigger_internal_events('x')\n  .with(project: project, namespace: project.namespace, additional_properties: { label: 'l' })",
        ),
        (
            "service.execute(a) { 1 }\n\nexpect_no_snowplow_event(category: 'c', action: 'x')",
            "expect { service.execute(a) { 1 } }.not_to trigger_internal_events('x')",
        ),
        (
            "subject\n\nexpect_snowplow_event(category: 'c', action: 'internal_one', value: nil)",
            "expect { subject }.to trigger_internal_events('internal_one')",
        ),
    ];
    for (before, after) in cases {
        check(&Options::default(), &[(&example(before), &example(after))]);
    }
    check(
        &first(),
        &[(
            &example(
                "subject\n\nexpect_snowplow_event(category: 'c', action: 'x', label: 'l', context: [c])",
            ),
            &example("expect { subject }.to trigger_internal_events('x')"),
        )],
    );
}

#[test]
fn shared_examples_become_those_of_internal_events() {
    check(
        &Options::default(),
        &[
            (
                "it_behaves_like 'Snowplow event tracking' do\n  let(:category) { 'c' }\n  let(:action) { 'x' }\n  let(:user) { u }\n  subject(:act) { y }\nend\n",
                "it_behaves_like 'internal event tracking' do\n  let(:event) { 'x' }\n  let(:user) { u }\n  subject(:act) { y }\nend\n",
            ),
            (
                "it_behaves_like \"Snowplow event tracking with RedisHLL context\" do\n  let(:feature_flag_name) { '' }\n  let(:action) { :x }\n  let(:label) { 'l' }\n  let(:property) { :p }\nend\n",
                "it_behaves_like \"internal event tracking\" do\n  let(:event) { 'x' }\n  let(:additional_properties) { { label: 'l', property: 'p' } }\nend\n",
            ),
            (
                "it_behaves_like 'internal event tracking' do\n  let(:event) { 'x' }\nend\n",
                "it_behaves_like 'internal event tracking' do\n  let(:event) { 'x' }\nend\n",
            ),
            ("it_behaves_like 'a thing'\n", "it_behaves_like 'a thing'\n"),
        ],
    );
    check(
        &first(),
        &[(
            "include_examples 'Snowplow event tracking' do\n  let(:action) { 'x' }\n  let(:label) { 'l' }\nend\n",
            "include_examples 'internal event tracking' do\n  let(:event) { 'x' }\nend\n",
        )],
    );
}

#[test]
fn what_cannot_be_proven_is_refused() {
    use Reason::*;
    let event = "expect_snowplow_event(category: 'c', action: 'x')";
    let cases = [
        (event.to_owned(), NotUnderstood, "not certain"),
        (format!("sign_in(user)\n{event}"), NotUnderstood, "not certain"),
        (format!("y = subject\n{event}"), NotUnderstood, "not certain"),
        (format!("subject\n# now\n{event}"), NotUnderstood, "not certain"),
        (format!("subject\nz = 1\n{event}"), NotUnderstood, "not certain"),
        (format!("{event}\nsubject"), NotUnderstood, "not certain"),
        (format!("subject if a\n{event}"), NotUnderstood, "not certain"),
        (format!("subject\n{event}\n{event}"), SeveralCalls, "several expectations"),
        ("subject\nexpect_no_snowplow_event".to_owned(), UnknownArgument, "no action"),
        ("subject\nexpect_snowplow_event(category: 'c', action: a)".to_owned(), ComputedName, "`a`"),
        ("subject\nexpect_snowplow_event(**x)".to_owned(), IndirectArguments, "**x"),
        (
            "subject\nexpect_snowplow_event(category: 'c', action: 'x', context: [c])".to_owned(),
            CustomContext,
            "context: [c]",
        ),
        (
            "subject\nexpect_snowplow_event(category: 'c', action: 'x', extra: 1)".to_owned(),
            UnknownArgument,
            "extra: 1",
        ),
        (
            "expect(Gitlab::UsageDataCounters::HLLRedisCounter).to receive(:track_event).with('x', values: 1)\nsubject".to_owned(),
            NotUnderstood,
            "a call that goes",
        ),
        (
            "expect(Gitlab::Tracking).not_to receive(:event)\nsubject".to_owned(),
            NotUnderstood,
            "a call that goes",
        ),
    ];
    for (body, reason, part) in cases {
        refuse(&[(&example(&body), reason, part)]);
    }
    refuse(&[
        ("it_behaves_like 'Snowplow event tracking'\n", NotUnderstood, "Snowplow event tracking"),
        (
            "it_behaves_like 'a daily tracked issuable event' do\n  let(:action) { A }\nend\n",
            NotUnderstood,
            "a daily tracked",
        ),
        (
            "it_behaves_like 'tracking unique hll events' do\n  let(:target_event) { 'x' }\nend\n",
            NotUnderstood,
            "tracking unique",
        ),
        (
            "it_behaves_like 'Snowplow event tracking' do\n  let(:action) { a }\nend\n",
            ComputedName,
            "`a`",
        ),
        (
            "it_behaves_like 'Snowplow event tracking' do\n  let(:action) { 'x' }\n  let(:extra) { {} }\nend\n",
            NotUnderstood,
            "Snowplow event tracking",
        ),
        (
            "it_behaves_like('Snowplow event tracking') { let(:category) { 'c' }; let(:action) { 'x' } }\n",
            NotUnderstood,
            "Snowplow event tracking",
        ),
    ]);
}

#[test]
fn settings_that_get_too_long_have_lines_of_their_own() {
    let examples = |name: &str, settings: &str| {
        format!("it_behaves_like '{name}' do\n{settings}\n  subject(:track) {{ a }}\nend\n")
    };
    for (n, after) in [
        (29, "  let(:additional_properties) { { label: 'L', property: 'P' } }"),
        (44, "  let(:additional_properties) do\n    { label: 'L', property: 'P' }\n  end"),
        (
            60,
            "  let(:additional_properties) do\n    {\n      label: 'L',\n      property: 'P'\n    \
             }\n  end",
        ),
    ] {
        let (label, property) = ("l".repeat(n), "p".repeat(n));
        let before = format!(
            "  let(:action) {{ 'x' }}\n  let(:label) {{ '{label}' }}\n  \
             let(:property) {{ '{property}' }}"
        );
        let after = after.replace('L', &label).replace('P', &property);
        check(
            &Options::default(),
            &[(
                &examples("Snowplow event tracking", &before),
                &examples("internal event tracking", &format!("  let(:event) {{ 'x' }}\n{after}")),
            )],
        );
    }
}

#[test]
fn what_was_passed_over_is_refused() {
    for (code, part) in [
        ("expect(page).to have_tracking(action: 'click_it', label: 'l')", "have_tracking(action"),
        ("it { is_expected.not_to have_tracking(attributes) }", "have_tracking(attributes)"),
        (
            "expect(Gitlab::UsageDataCounters::WikiPageCounter).to receive(:count).with(:create)",
            "WikiPageCounter",
        ),
        (
            "expect(Gitlab::UsageDataCounters).to receive(:count).with('merge_request_create')",
            "'merge_request_create'",
        ),
        (
            "it_behaves_like 'an incident management tracked event', :incident_created",
            "an incident management tracked event",
        ),
    ] {
        refuse(&[(&format!("{code}\n"), Reason::NotUnderstood, part)]);
    }
    // What is not expected is only prepared.
    let (_, done) = run("allow(Gitlab::Tracking).to receive(:event)\n", &Options::default());
    assert!(done.sites.is_empty());
}

#[test]
fn a_request_and_what_is_expected_of_its_response_are_told_apart() {
    let expected = "expect_snowplow_event(category: 'c', action: 'x')";
    for (before, after) in [
        (
            format!("get :show\n\nexpect(response).to be_ok\n{expected}"),
            "expect { get :show }.to trigger_internal_events('x')\n\nexpect(response).to be_ok",
        ),
        (
            format!(
                "post api(path), params: {{ a: 1 }}\n\nexpect(response).to be_ok\nexpect(json_response['a']).to eq(1)\n\n{expected}\nz"
            ),
            "expect { post api(path), params: { a: 1 } }.to trigger_internal_events('x')\n\nexpect(response).to be_ok\nexpect(json_response['a']).to eq(1)\nz",
        ),
        (
            format!("post :create, params: {{\n  a: 'b'\n}}\n\n{expected}"),
            "expect do\n  post :create, params: {\n    a: 'b'\n  }\nend.to trigger_internal_events('x')",
        ),
    ] {
        let example = |it: &str| {
            format!("it 'x' do\n  {}\nend\n", it.replace('\n', "\n  ").replace("\n  \n", "\n\n"))
        };
        check(&Options::default(), &[(&example(&before), &example(after))]);
    }
    for before in [
        // The response may be what the spec makes.
        format!("project.add(user)\n\nexpect(response).to be_ok\n{expected}"),
        format!("get :show\n\nexpect(subject).to be_ok\n{expected}"),
        format!("post :create, params: {{ a: <<~B }}\n  c\nB\n{expected}"),
        format!("post :create, params: {{ a: 'b\n' }}\n{expected}"),
        format!("expect(response).to be_ok\n{expected}"),
    ] {
        refuse(&[(&format!("it 'x' do\n{before}\nend\n"), Reason::NotUnderstood, "not certain")]);
    }
}
