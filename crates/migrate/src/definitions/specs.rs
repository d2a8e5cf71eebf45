//! Specs and the code they test: a spec is of internal events only if its code is.

use super::{FileCalls, Surroundings};
use crate::modules::Modules;
use crate::project::{Tell, Told};
use crate::site::{Kind, Outcome, Reason, Refusal, Site};
use internal_events_definitions::Analysis;
use std::collections::{BTreeMap, BTreeSet};

/// Whether a file tests others.
pub(super) fn is_spec(path: &str) -> bool {
    let (folders, name) = path.rsplit_once(['/', '\\']).unwrap_or(("", path));
    let stem = name.split_once('.').map_or(name, |it| it.0);
    let is_folder = |it: &str| matches!(it, "spec" | "specs" | "test" | "tests" | "__tests__");
    folders.split(['/', '\\']).any(is_folder)
        || ["_spec", "_test"].iter().any(|it| stem.ends_with(it))
        || [".spec.", ".test."].iter().any(|it| name.contains(it))
}

/// What became of an event in code.
#[derive(Default)]
struct Fate<'a> {
    /// Whether a call that tracks it is internal now.
    is_internal: bool,
    /// A call that names it, and stays.
    stays: Option<&'a str>,
    /// Whether a mixin tracks it.
    has_mixin: bool,
    /// Whether a click, or a call of its own, tracks it.
    has_other: bool,
}

/// The events of a file that is no spec.
#[derive(Default)]
struct Tested<'a> {
    events: BTreeMap<&'a str, Fate<'a>>,
    /// A call that may track any event, and stays.
    computed: Option<&'a str>,
}

/// Tells specs which of their events are tracked by code that stays, and which by no mixin.
pub(super) fn told(
    files: &[FileCalls<'_>],
    analysis: &Analysis,
    surroundings: &Surroundings,
) -> Told {
    let (specs, code): (Vec<&FileCalls<'_>>, Vec<&FileCalls<'_>>) =
        files.iter().partition(|it| is_spec(it.path));
    let code: BTreeMap<&str, Tested<'_>> = code.iter().map(|it| (it.path, tested(it))).collect();
    let internal = analysis.definitions.events.iter().filter(|it| it.internal);
    let defined: BTreeSet<&str> = internal.map(|it| it.action.as_str()).collect();
    let mut told = Told::new();
    for spec in specs {
        let linked: Vec<&Tested<'_>> = links(spec, &code);
        for site in &spec.rewrite.sites {
            let Some(event) = rewritten(site) else { continue };
            let why = why(event, &linked, &code, &defined, surroundings.is_whole);
            let tell = match why {
                Some(what) => Some(Tell::Stays(refusal(what))),
                None if site.kind == Kind::Jest => passes(event, &linked, &code),
                None => None,
            };
            if let Some(tell) = tell {
                let events = told.entry(spec.path.to_owned()).or_default();
                events.entry(event.to_owned()).or_insert(tell);
            }
        }
    }
    told
}

fn rewritten(site: &Site) -> Option<&str> {
    let is_it = matches!(site.outcome, Outcome::Rewritten { .. });
    site.event.as_deref().filter(|_| is_it)
}

fn refusal(what: String) -> Refusal {
    Refusal {
        reason: Reason::PartOfMore,
        what,
        advice: "migrate the code that it tests, by hand where need be; then run this again"
            .to_owned(),
    }
}

/// Why a spec cannot expect the internal event, if it cannot.
fn why(
    event: &str,
    linked: &[&Tested<'_>],
    code: &BTreeMap<&str, Tested<'_>>,
    defined: &BTreeSet<&str>,
    is_whole: bool,
) -> Option<String> {
    let stays =
        |path: &str| format!("the spec tests `{event}`, whose call in {path} stays as it is");
    let fates = || linked.iter().filter_map(|it| it.events.get(event));
    if let Some(path) = fates().find_map(|it| it.stays) {
        return Some(stays(path));
    }
    if fates().any(|it| it.is_internal) {
        return None;
    }
    if let Some(path) = linked.iter().find_map(|it| it.computed) {
        return Some(stays(path));
    }
    let fates = || code.values().filter_map(|it| it.events.get(event));
    if let Some(path) = fates().find_map(|it| it.stays) {
        return Some(stays(path));
    }
    if !is_whole || defined.contains(event) || fates().any(|it| it.is_internal) {
        return None;
    }
    // Nothing names the event. Whoever computes names may be the one that tracks it.
    let path = code.values().find_map(|it| it.computed)?;
    Some(format!(
        "the spec tests `{event}`, which no call names; it may be the one in {path} that computes \
         a name and stays"
    ))
}

/// What a spy of an event is passed: a mixin adds a category, others do not.
fn passes(event: &str, linked: &[&Tested<'_>], code: &BTreeMap<&str, Tested<'_>>) -> Option<Tell> {
    let near: Vec<&Fate<'_>> = linked.iter().filter_map(|it| it.events.get(event)).collect();
    let fates = if near.is_empty() {
        code.values().filter_map(|it| it.events.get(event)).collect()
    } else {
        near
    };
    let has_mixin = fates.iter().any(|it| it.has_mixin);
    let has_other = fates.iter().any(|it| it.has_other);
    match (has_mixin, has_other) {
        (_, false) => None,
        (false, true) => Some(Tell::HasNoCategory),
        (true, true) => Some(Tell::Stays(Refusal {
            reason: Reason::NotUnderstood,
            what: format!("`{event}` is tracked by a mixin, and by a click or a call of its own"),
            advice: "write the expectation by hand: with `undefined` behind the properties for \
                     what the mixin tracks, and without it for the others"
                .to_owned(),
        })),
    }
}

/// What became of the events of a file.
fn tested<'a>(file: &'a FileCalls<'a>) -> Tested<'a> {
    let mut tested = Tested::default();
    for site in &file.rewrite.sites {
        let refusal = match &site.outcome {
            Outcome::Refused(it) => it,
            Outcome::Already | Outcome::Rewritten { .. } => {
                if let Some(event) = &site.event {
                    let fate = tested.events.entry(event).or_default();
                    fate.is_internal = true;
                    fate.has_mixin |= site.kind == Kind::VueMixin;
                    fate.has_other |= site.kind != Kind::VueMixin;
                }
                continue;
            }
        };
        if refusal.reason == Reason::ComputedName || refusal.reason == Reason::DoesNotParse {
            tested.computed = Some(file.path);
        }
        let code = file.text.get(site.range.clone()).unwrap_or_default();
        let words = code.split(|it: char| !it.is_ascii_alphanumeric() && it != '_');
        let names = words.filter(|it| it.len() > 2).chain(site.event.as_deref());
        for name in names {
            tested.events.entry(name).or_default().stays = Some(file.path);
        }
    }
    for found in &file.rewrite.found {
        tested.events.entry(&found.name).or_default().is_internal = true;
    }
    tested
}

/// The files that a spec is about, by what it imports, or by its place.
fn links<'c, 'a>(
    spec: &FileCalls<'_>,
    code: &'c BTreeMap<&str, Tested<'a>>,
) -> Vec<&'c Tested<'a>> {
    let path = spec.path.replace('\\', "/");
    let mut found: Vec<String> = Vec::new();
    if let Some(stem) = path.strip_suffix("_spec.rb") {
        for (of_specs, folders) in [
            ("spec/", &["app/", "lib/", ""][..]),
            ("spec/lib/", &["lib/"]),
            ("ee/spec/", &["ee/app/", "ee/lib/"]),
            ("ee/spec/lib/", &["ee/lib/"]),
        ] {
            if let Some(rest) = stem.strip_prefix(of_specs) {
                found.extend(folders.iter().map(|it| format!("{it}{rest}.rb")));
            }
        }
    } else {
        found = imported(spec);
    }
    found.iter().filter_map(|it| code.get(it.as_str())).collect()
}

/// The files that a script may import.
pub(super) fn imported(file: &FileCalls<'_>) -> Vec<String> {
    let modules = Modules::default().at(file.path);
    let imports = file.text.split("from ").skip(1).filter_map(|it| {
        let quote = it.chars().next().filter(|it| matches!(it, '\'' | '"'))?;
        it[1..].split(quote).next()
    });
    imports.flat_map(|it| modules.files(it)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Language, Options, Project, Rewrite, rewrite};
    use internal_events_definitions::{Source, Sources, analyze};
    use std::path::Path;

    #[test]
    fn specs_are_known_by_their_places_and_names() {
        for path in [
            "spec/a_spec.rb",
            "ee/spec/frontend/a_spec.js",
            "a/b_spec.rb",
            "a/b.test.ts",
            "a/__tests__/b.js",
            "spec/support/shared_examples/a.rb",
        ] {
            assert!(is_spec(path), "{path}");
        }
        for path in ["app/a.rb", "app/spec_helper.rb", "app/inspect/latest.js", "lib/test_a.rb"] {
            assert!(!is_spec(path), "{path}");
        }
    }

    /// What the first file is told, beside the others.
    fn told_first(files: &[(&str, &str)], is_whole: bool) -> Option<Tell> {
        let rewritten = files.iter().map(|(path, text)| {
            let language = Language::of(Path::new(path)).expect("a language");
            let project = Project::default().at(path);
            rewrite(language, text, &project, &Options::default()).expect("it parses")
        });
        let rewritten: Vec<Rewrite> = rewritten.collect();
        let calls: Vec<FileCalls<'_>> = files
            .iter()
            .zip(&rewritten)
            .map(|((path, text), rewrite)| FileCalls { path, text, rewrite })
            .collect();
        let defined = "description: x\naction: defined_event\ninternal_events: true\n";
        let source =
            Source { path: "config/events/a.yml".to_owned(), bytes: defined.as_bytes().to_vec() };
        let sources = Sources { events: vec![source], ..Sources::default() };
        let surroundings = Surroundings { is_whole, ..Surroundings::default() };
        let told = told(&calls, &analyze(&sources), &surroundings);
        let is_first = told.keys().all(|it| it == files[0].0);
        assert!(is_first, "only specs are told: {told:?}");
        told.into_values().flatten().next().map(|it| it.1)
    }

    /// Whether the first file is held, beside the others.
    fn is_held(files: &[(&str, &str)], is_whole: bool) -> bool {
        matches!(told_first(files, is_whole), Some(Tell::Stays(_)))
    }

    #[test]
    fn a_spec_is_of_internal_events_only_if_its_code_is() {
        let ruby = "it 'x' do\n  get :a\n\n  expect_snowplow_event(category: 'a', action: 'open_a')\nend\n";
        let jest = "import { mockTracking } from 'helpers/tracking_helper';\n\
                    import A from '~/a/b.vue';\nit('x', () => {\n  \
                    const spy = mockTracking(undefined, A, jest.spyOn);\n  \
                    expect(spy).toHaveBeenCalledWith(undefined, 'open_a', {});\n});\n";
        let call = "def a(user)\n  Gitlab::Tracking.event('a', 'open_a', user: user)\nend\n";
        let stays = call.replace("user: user", "context: x");
        let component = |call: &str| {
            format!(
                "<script>\nimport Tracking from '~/tracking';\nexport default {{\n  \
                     mixins: [Tracking.mixin()],\n  created() {{ this.track({call}); }},\n}};\n</script>\n"
            )
        };
        let (rewritten, other) = (component("'open_a'"), component("'open_a', other"));
        let (computed, rewritten_other) = (component("other"), component("'close_a'"));
        let (spec, place) = ("spec/frontend/a/b_spec.js", "app/assets/javascripts/a/b.vue");
        for (files, held) in [
            (&[("spec/a_spec.rb", ruby), ("app/z.rb", call)][..], false),
            (&[("spec/a_spec.rb", ruby), ("app/z.rb", &stays)], true),
            (&[("spec/a_spec.rb", ruby), ("app/assets/x.vue", &computed)], true),
            // There is nobody else to ask.
            (&[("spec/a_spec.rb", ruby)], false),
            (&[("spec/a_spec.rb", ruby), ("app/assets/x.vue", &rewritten_other)], false),
            (&[("spec/a_spec.rb", &ruby.replace("open_a", "defined_event"))], false),
            // What tests the file counts, whatever others do.
            (&[("spec/a_spec.rb", ruby), ("app/a.rb", call), ("app/z.rb", &stays)], false),
            (&[("spec/a_spec.rb", ruby), ("app/a.rb", &stays), ("app/z.rb", call)], true),
            (&[("spec/a_spec.rb", ruby), ("app/z.rb", call), ("app/y.rb", &stays)], true),
            (&[(spec, jest), (place, &rewritten), ("app/z.rb", &stays)], false),
            (&[(spec, jest), (place, &other), ("app/z.rb", call)], true),
            (&[(spec, jest), (place, &computed), ("app/z.rb", call)], true),
            (&[(spec, jest), ("app/z.rb", call)], false),
            // Attributes that a spec sets up or expects are no code.
            (
                &[
                    ("spec/a_spec.rb", "f(data: { track_action: 'open_a' })\n"),
                    ("app/assets/x.vue", &computed),
                ],
                true,
            ),
        ] {
            assert_eq!(is_held(files, true), held, "{files:#?}");
        }
        // Where not all was looked at, only what is seen to stay holds a spec.
        assert!(!is_held(&[("spec/a_spec.rb", ruby)], false));
        assert!(is_held(&[("spec/a_spec.rb", ruby), ("app/a.rb", &stays)], false));
    }

    #[test]
    fn a_spec_sees_a_category_only_where_a_mixin_passes_one_on() {
        let spec = "import { mockTracking } from 'helpers/tracking_helper';\n\
                    import A from './a.vue';\nit('x', () => {\n  \
                    const spy = mockTracking(undefined, A, jest.spyOn);\n  \
                    expect(spy).toHaveBeenCalledWith(undefined, 'open_a', {});\n});\n";
        let mixin = "mixins: [Tracking.mixin()], created() { this.track('open_a'); }";
        let call = "created() { Tracking.event('c', 'open_a'); }";
        let click = "<a data-track-action=\"open_a\" />";
        let component = |options: &str, template: &str| {
            format!(
                "<template><b>{template}</b></template>\n<script>\n\
                 import Tracking from '~/tracking';\nexport default {{ {options} }};\n</script>\n"
            )
        };
        let told = |component: &str| {
            told_first(
                &[("spec/a_spec.js", spec), ("spec/../a.vue", ""), ("b.vue", component)],
                true,
            )
        };
        assert_eq!(told(&component(mixin, "")), None);
        assert_eq!(told(&component("", click)), Some(Tell::HasNoCategory));
        assert_eq!(told(&component(call, "")), Some(Tell::HasNoCategory));
        assert!(matches!(told(&component(mixin, click)), Some(Tell::Stays(_))));
    }
}
