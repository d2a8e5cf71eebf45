//! Specs and the code they test: a spec is of internal events only if its code is.

use super::{FileCalls, Surroundings};
use crate::modules::Modules;
use crate::site::{Outcome, Reason, Refusal, Site};
use internal_events_definitions::Analysis;
use std::collections::{BTreeMap, BTreeSet};

/// Why events of specs must stay as they are: by the path of the spec, and by event.
pub(super) type HeldSpecs = BTreeMap<String, BTreeMap<String, Refusal>>;

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
}

/// The events of a file that is no spec.
#[derive(Default)]
struct Tested<'a> {
    events: BTreeMap<&'a str, Fate<'a>>,
    /// A call that may track any event, and stays.
    computed: Option<&'a str>,
}

/// Finds the events of specs whose code stays.
pub(super) fn held(
    files: &[FileCalls<'_>],
    analysis: &Analysis,
    surroundings: &Surroundings,
) -> HeldSpecs {
    let (specs, code): (Vec<&FileCalls<'_>>, Vec<&FileCalls<'_>>) =
        files.iter().partition(|it| is_spec(it.path));
    let code: BTreeMap<&str, Tested<'_>> = code.iter().map(|it| (it.path, tested(it))).collect();
    let internal = analysis.definitions.events.iter().filter(|it| it.internal);
    let defined: BTreeSet<&str> = internal.map(|it| it.action.as_str()).collect();
    let mut held = HeldSpecs::new();
    for spec in specs {
        let linked: Vec<&Tested<'_>> = links(spec, &code);
        for site in &spec.rewrite.sites {
            let Some(event) = rewritten(site) else { continue };
            let why = why(event, &linked, &code, &defined, surroundings.is_whole);
            if let Some(what) = why {
                let events = held.entry(spec.path.to_owned()).or_default();
                events.entry(event.to_owned()).or_insert(refusal(what));
            }
        }
    }
    held
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
    let is_internal = defined.contains(event) || fates().any(|it| it.is_internal);
    (is_whole && !is_internal).then(|| {
        format!("the spec tests `{event}`, and no call that tracks it was found to be rewritten")
    })
}

/// What became of the events of a file.
fn tested<'a>(file: &'a FileCalls<'a>) -> Tested<'a> {
    let mut tested = Tested::default();
    for site in &file.rewrite.sites {
        let refusal = match &site.outcome {
            Outcome::Refused(it) => it,
            Outcome::Already | Outcome::Rewritten { .. } => {
                if let Some(event) = &site.event {
                    tested.events.entry(event).or_default().is_internal = true;
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
        let modules = Modules::default().at(&path);
        let imports = spec.text.split("from ").skip(1).filter_map(|it| {
            let quote = it.chars().next().filter(|it| matches!(it, '\'' | '"'))?;
            it[1..].split(quote).next()
        });
        found.extend(imports.flat_map(|it| modules.files(it)));
    }
    found.iter().filter_map(|it| code.get(it.as_str())).collect()
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

    /// Whether the first file is held, beside the others.
    fn is_held(files: &[(&str, &str)], is_whole: bool) -> bool {
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
        let held = held(&calls, &analyze(&sources), &surroundings);
        let is_first = held.keys().all(|it| it == files[0].0);
        assert!(is_first, "only specs are held: {held:?}");
        !held.is_empty()
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
        let computed = component("other");
        let (spec, place) = ("spec/frontend/a/b_spec.js", "app/assets/javascripts/a/b.vue");
        for (files, held) in [
            (&[("spec/a_spec.rb", ruby), ("app/z.rb", call)][..], false),
            (&[("spec/a_spec.rb", ruby), ("app/z.rb", &stays)], true),
            (&[("spec/a_spec.rb", ruby)], true),
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
            (&[("spec/a_spec.rb", "f(data: { track_action: 'open_a' })\n")], true),
        ] {
            assert_eq!(is_held(files, true), held, "{files:#?}");
        }
        // Where not all was looked at, only what is seen to stay holds a spec.
        assert!(!is_held(&[("spec/a_spec.rb", ruby)], false));
        assert!(is_held(&[("spec/a_spec.rb", ruby), ("app/a.rb", &stays)], false));
    }
}
