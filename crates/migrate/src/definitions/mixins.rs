//! Mixins and the components that have them: both are changed by hand, or none.

use super::FileCalls;
use super::specs::imported;
use crate::project::{Tell, Told};
use crate::site::{Kind, Outcome, Reason, Refusal};
use std::collections::BTreeMap;

/// Tells files with a mixin to stay, where a component of another file calls its `track`.
pub(super) fn tell(files: &[FileCalls<'_>], told: &mut Told) {
    let by_path: BTreeMap<&str, &FileCalls<'_>> = files.iter().map(|it| (it.path, it)).collect();
    for user in files.iter().filter(|it| calls_another(it)) {
        for path in imported(user) {
            let Some(file) = by_path.get(path.as_str()).filter(|it| it.path != user.path) else {
                continue;
            };
            for site in &file.rewrite.sites {
                let is_rewritten = matches!(site.outcome, Outcome::Rewritten { .. });
                let event = site.event.as_ref().filter(|_| site.kind == Kind::VueMixin);
                let Some(event) = event.filter(|_| is_rewritten) else { continue };
                let refusal = Refusal {
                    reason: Reason::PartOfMore,
                    what: format!("{} calls `track` of this mixin", user.path),
                    advice: "write `mixins: [Tracking.mixin()]` into that file, or change both by \
                             hand; then run this again"
                        .to_owned(),
                };
                let events = told.entry(file.path.to_owned()).or_default();
                events.entry(event.clone()).or_insert(Tell::Stays(refusal));
            }
        }
    }
}

/// Whether a file calls a `track` that may come from a mixin of another one.
fn calls_another(file: &FileCalls<'_>) -> bool {
    file.rewrite.sites.iter().any(|it| match &it.outcome {
        Outcome::Refused(refusal) => {
            it.kind == Kind::VueMixin
                && refusal.reason == Reason::PartOfMore
                && refusal.what.starts_with(crate::javascript::FROM_ANOTHER_FILE)
        }
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Language, Options, Project, rewrite};
    use std::path::Path;

    #[test]
    fn a_mixin_stays_with_those_that_call_it() {
        let mixin = "import Tracking from '~/tracking';\nexport default {\n  \
                     mixins: [Tracking.mixin()],\n  created() { this.track('open_a'); },\n};\n";
        let user = "import A from './a';\nexport default {\n  mixins: [A],\n  \
                    created() { this.track('open_b'); },\n};\n";
        let is_told = |user: &str| {
            let files =
                [("app/assets/javascripts/a.js", mixin), ("app/assets/javascripts/b.js", user)];
            let rewritten = files.map(|(path, text)| {
                let language = Language::of(Path::new(path)).expect("a language");
                let project = Project::default().at(path);
                rewrite(language, text, &project, &Options::default()).expect("it parses")
            });
            let calls: Vec<FileCalls<'_>> = files
                .iter()
                .zip(&rewritten)
                .map(|((path, text), rewrite)| FileCalls { path, text, rewrite })
                .collect();
            let mut told = Told::new();
            tell(&calls, &mut told);
            told.get(files[0].0).is_some_and(|it| it.contains_key("open_a"))
        };
        assert!(is_told(user));
        assert!(!is_told(&user.replace("this.track", "this.other")));
        assert!(!is_told(&user.replace("'./a'", "'./c'")));
    }
}
