//! Code to paste: how to track the new event, and how to test that it is tracked.

use super::Identifier;
use super::resolve::Resolved;
use std::fmt::Write as _;

/// One piece of code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snippet {
    /// The language it is written in.
    pub language: Language,
    /// What it is for.
    pub purpose: Purpose,
    /// The code, with a final line break.
    pub code: String,
}

/// The languages we have code for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// Rust.
    Rust,
    /// Ruby.
    Ruby,
    /// JavaScript.
    JavaScript,
    /// A Vue component.
    Vue,
    /// Data attributes.
    Html,
}

impl Language {
    /// The name a reader knows it by.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rust => "Rust",
            Self::Ruby => "Ruby",
            Self::JavaScript => "JavaScript",
            Self::Vue => "Vue",
            Self::Html => "HTML",
        }
    }
}

/// What a piece of code is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Tracking the event.
    Track,
    /// Testing that it is tracked.
    Test,
}

impl Purpose {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Track => "track",
            Self::Test => "test",
        }
    }
}

/// Writes code for an event and its metrics.
pub(super) fn snippets(resolved: &Resolved, key_paths: &[String]) -> Vec<Snippet> {
    let call = Call::new(resolved);
    let all = [
        (Language::Rust, Purpose::Track, call.rust()),
        (Language::Rust, Purpose::Test, call.rust_test(key_paths)),
        (Language::Ruby, Purpose::Track, call.ruby()),
        (Language::Ruby, Purpose::Test, call.ruby_test(key_paths)),
        (Language::JavaScript, Purpose::Track, call.java_script()),
        (Language::JavaScript, Purpose::Test, call.java_script_test()),
        (Language::Vue, Purpose::Track, call.vue()),
        (Language::Html, Purpose::Track, call.html()),
    ];
    all.map(|(language, purpose, code)| Snippet { language, purpose, code }).to_vec()
}

/// What a call passes.
struct Call<'a> {
    event: &'a str,
    identifiers: Vec<&'a str>,
    properties: Vec<&'a str>,
}

impl<'a> Call<'a> {
    fn new(resolved: &'a Resolved) -> Self {
        // The order in which GitLab's own calls pass them.
        let order = [Identifier::User, Identifier::Project, Identifier::Namespace];
        let identifiers = order.map(Identifier::as_str).into_iter();
        Self {
            event: &resolved.event,
            identifiers: identifiers
                .filter(|it| resolved.identifiers.iter().any(|given| given == it))
                .collect(),
            properties: resolved.properties.iter().map(|(name, _)| name.as_str()).collect(),
        }
    }

    fn rust(&self) -> String {
        let mut code = format!("tracker\n    .track_event(\"{}\")\n", self.event);
        for identifier in &self.identifiers {
            let _ = writeln!(code, "    .{identifier}({identifier}.id)");
        }
        for name in &self.properties {
            let _ = writeln!(code, "    .property(\"{name}\", {})", sample(name, '"'));
        }
        code + "    .send();\n"
    }

    fn rust_test(&self, key_paths: &[String]) -> String {
        let mut code = "\
use internal_events::testing::Recorder;
use internal_events_installation::Installation;

let installation = Installation::open(\".\", |_| None)?;
let recorder = Recorder::new(installation.definitions());
let changes = recorder.during(|tracker| {
    // Instead of this, call your code that tracks the event.
"
        .to_owned();
        for line in self.rust().lines() {
            let _ = writeln!(code, "    {line}");
        }
        let _ = writeln!(code, "}});\nchanges\n    .assert_triggered(\"{}\")", self.event);
        for identifier in &self.identifiers {
            let _ = writeln!(code, "    .with_{identifier}({identifier}.id)");
        }
        for name in &self.properties {
            let _ = writeln!(code, "    .with_property(\"{name}\", {})", sample(name, '"'));
        }
        code += "    .once();\n";
        for key_path in key_paths {
            let _ = writeln!(code, "changes.assert_incremented(\"{key_path}\").by(1);");
        }
        code
    }

    fn ruby(&self) -> String {
        let mut code = format!("Gitlab::InternalEvents.track_event(\n  '{}'", self.event);
        for argument in self.ruby_arguments() {
            let _ = write!(code, ",\n  {argument}");
        }
        code + "\n)\n"
    }

    fn ruby_arguments(&self) -> Vec<String> {
        let mut arguments: Vec<String> =
            self.identifiers.iter().map(|it| format!("{it}: {it}")).collect();
        if !self.properties.is_empty() {
            arguments.push(format!("additional_properties: {}", object(&self.properties)));
        }
        arguments
    }

    fn ruby_test(&self, key_paths: &[String]) -> String {
        let mut code = format!(
            "it 'tracks {event}', :clean_gitlab_redis_shared_state do\n  expect {{ subject }}\n    \
             .to trigger_internal_events('{event}')\n",
            event = self.event
        );
        let arguments = self.ruby_arguments();
        if !arguments.is_empty() {
            let _ = writeln!(code, "    .with({})", arguments.join(", "));
        }
        let quoted: Vec<String> = key_paths.iter().map(|it| format!("      '{it}'")).collect();
        let _ = writeln!(code, "    .and increment_usage_metrics(\n{}\n    )", quoted.join(",\n"));
        code + "end\n"
    }

    fn java_script(&self) -> String {
        format!(
            "import {{ InternalEvents }} from '~/tracking';\n\nInternalEvents.trackEvent({});\n",
            self.java_script_arguments()
        )
    }

    fn java_script_arguments(&self) -> String {
        let event = self.event;
        match self.properties.as_slice() {
            [] => format!("'{event}'"),
            properties => format!("'{event}', {}", object(properties)),
        }
    }

    fn java_script_test(&self) -> String {
        let object = object(&self.properties);
        format!(
            "import {{ useMockInternalEventsTracking }} from \
             'helpers/tracking_internal_events_helper';\n\n\
             const {{ bindInternalEventDocument }} = useMockInternalEventsTracking();\n\n\
             it('tracks {event}', () => {{\n  \
             const {{ trackEventSpy }} = bindInternalEventDocument(wrapper.element);\n\n  \
             // Do here what makes the component track the event.\n\n  \
             expect(trackEventSpy).toHaveBeenCalledWith('{event}', {object}, undefined);\n}});\n",
            event = self.event
        )
    }

    fn vue(&self) -> String {
        let arguments = self.java_script_arguments();
        format!(
            "<script>\nimport {{ InternalEvents }} from '~/tracking';\n\nexport default {{\n  \
             mixins: [InternalEvents.mixin()],\n  methods: {{\n    onClick() {{\n      \
             this.trackEvent({arguments});\n    }},\n  }},\n}};\n</script>\n\n<template>\n  \
             <gl-button @click=\"onClick\" />\n</template>\n"
        )
    }

    fn html(&self) -> String {
        let mut code = format!("<button\n  data-event-tracking=\"{}\"\n", self.event);
        let (built_in, custom): (Vec<&str>, Vec<&str>) = self
            .properties
            .iter()
            .copied()
            .partition(|it| internal_events_catalog::BUILT_IN_PROPERTIES.contains(it));
        for name in built_in {
            let _ =
                writeln!(code, "  data-event-{name}=\"{}\"", sample(name, '\'').replace('\'', ""));
        }
        if !custom.is_empty() {
            let members: Vec<String> =
                custom.iter().map(|it| format!("\"{it}\": {}", sample(it, '"'))).collect();
            let _ = writeln!(code, "  data-event-additional='{{ {} }}'", members.join(", "));
        }
        code + ">\n  …\n</button>\n"
    }
}

/// `{ label: 'x', value: 1 }`, which Ruby and JavaScript read alike.
fn object(names: &[&str]) -> String {
    if names.is_empty() {
        return "{}".to_owned();
    }
    let members: Vec<String> =
        names.iter().map(|it| format!("{}: {}", key(it), sample(it, '\''))).collect();
    format!("{{ {} }}", members.join(", "))
}

/// A key of an object literal; one that starts with a digit has to be quoted.
fn key(name: &str) -> String {
    if name.starts_with(|it: char| it.is_ascii_digit()) {
        format!("'{name}'")
    } else {
        name.to_owned()
    }
}

/// A value of the right type: `value` is a number, the others are text.
fn sample(name: &str, quote: char) -> String {
    match name {
        "value" => "1".to_owned(),
        _ => format!("{quote}x{quote}"),
    }
}
