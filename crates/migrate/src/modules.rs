//! Other files of the application, for names that a file imports.
//!
//! Nothing is read here: whoever migrates hands over a function that does.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

/// A constant that is handed on more often than this is not followed.
const MAX_STEPS: u8 = 6;

/// What a module may be called after its name in an import.
const ENDINGS: [&str; 6] = ["", ".js", ".ts", ".mjs", "/index.js", "/index.ts"];

/// Where applications of GitLab's layout keep their scripts.
const SCRIPTS: &str = "app/assets/javascripts/";

type Read = dyn Fn(&str) -> Option<String> + Send + Sync;

/// What was asked of a file, and what it holds.
type Known = Mutex<BTreeMap<(String, String), Option<Fact>>>;

/// What a name is known to stand for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Fact {
    /// A text.
    Text(String),
    /// A number.
    Number(f64),
    /// An object of texts and numbers, with the names of its properties.
    Fields(Vec<(String, Self)>),
}

impl Fact {
    /// The text, if it is one.
    pub(crate) fn text(self) -> Option<String> {
        match self {
            Self::Text(it) => Some(it),
            _ => None,
        }
    }
}

/// Other files of the application, as they are seen from one.
#[derive(Clone, Default)]
pub struct Modules {
    read: Option<Arc<Read>>,
    known: Arc<Known>,
    /// The file that is looked at, by its path from the root.
    at: Option<Arc<str>>,
    steps: u8,
}

impl fmt::Debug for Modules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Modules").field("at", &self.at).finish_non_exhaustive()
    }
}

impl Modules {
    /// Files that a function reads by their paths from the root, with `/` between folders.
    pub fn new(read: impl Fn(&str) -> Option<String> + Send + Sync + 'static) -> Self {
        Self { read: Some(Arc::new(read)), ..Self::default() }
    }

    /// The same files, as another one of them imports them.
    #[must_use]
    pub fn at(&self, path: &str) -> Self {
        Self { at: Some(path.replace('\\', "/").into()), steps: 0, ..self.clone() }
    }

    /// The file that is looked at.
    pub(crate) fn path(&self) -> Option<&str> {
        self.at.as_deref()
    }

    /// What a name that is imported stands for: `ask` is given the text of a module, and its own
    /// view of the others. If several modules may be meant, they have to agree.
    pub(crate) fn imported(
        &self,
        module: &str,
        name: &str,
        ask: impl Fn(&str, &Self) -> Option<Fact>,
    ) -> Option<Fact> {
        let read = self.read.as_ref().filter(|_| self.steps < MAX_STEPS)?;
        let mut agreed: Option<Fact> = None;
        let mut is_found = false;
        for place in self.places(module) {
            let file = ENDINGS.iter().find_map(|it| {
                let path = format!("{place}{it}");
                read(&path).map(|text| (path, text))
            });
            let Some((path, text)) = file else { continue };
            let key = (path, name.to_owned());
            let known =
                self.known.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
            let value = known.unwrap_or_else(|| {
                let view = Self { steps: self.steps + 1, ..self.at(&key.0) };
                let value = ask(&text, &view);
                let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
                known.insert(key, value.clone());
                value
            });
            if is_found && value != agreed {
                return None;
            }
            (agreed, is_found) = (value, true);
        }
        agreed
    }

    /// The files that a module may be, components among them.
    pub(crate) fn files(&self, module: &str) -> Vec<String> {
        let endings = || ENDINGS.into_iter().chain([".vue"]);
        let places = self.places(module).into_iter();
        places.flat_map(|place| endings().map(move |it| format!("{place}{it}"))).collect()
    }

    /// Where a module may be, without the ending of its file.
    fn places(&self, module: &str) -> Vec<String> {
        let Some(at) = self.path() else { return Vec::new() };
        if module.starts_with("./") || module.starts_with("../") {
            let folder = at.rsplit_once('/').map_or("", |it| it.0);
            return joined(folder, module).into_iter().collect();
        }
        let root = root(at);
        let of = |tree: &str, rest: &str| format!("{root}{tree}{SCRIPTS}{rest}");
        match module.split_once('/') {
            Some(("~", rest)) => vec![of("", rest)],
            Some((tree @ ("ee" | "jh"), rest)) => vec![of(&format!("{tree}/"), rest)],
            Some(("ee_else_ce", rest)) => vec![of("ee/", rest), of("", rest)],
            Some(("jh_else_ce", rest)) => vec![of("jh/", rest), of("", rest)],
            Some(("jh_else_ee", rest)) => vec![of("jh/", rest), of("ee/", rest)],
            Some(("@", rest)) => {
                source_root(at).map(|it| format!("{it}{rest}")).into_iter().collect()
            }
            _ => Vec::new(),
        }
    }
}

/// What stands before the folders of an application in a path.
fn root(path: &str) -> &str {
    let starts =
        ["ee/app/assets/", "jh/app/assets/", "app/assets/", "ee/spec/", "jh/spec/", "spec/"];
    let at = starts.into_iter().find_map(|it| {
        let mut found = path.match_indices(it).map(|it| it.0);
        found.find(|at| *at == 0 || path[..*at].ends_with('/'))
    });
    &path[..at.unwrap_or(0)]
}

/// The folder `src` that a file is in.
fn source_root(path: &str) -> Option<&str> {
    if path.starts_with("src/") {
        return Some("src/");
    }
    path.find("/src/").map(|at| &path[..at + "/src/".len()])
}

/// A path that begins at a folder; none where that leads out of the root.
fn joined(folder: &str, path: &str) -> Option<String> {
    let mut parts: Vec<&str> = folder.split('/').filter(|it| !it.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "." | "" => {}
            ".." => drop(parts.pop()?),
            other => parts.push(other),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(at: &str, module: &str) -> Vec<String> {
        Modules::default().at(at).places(module)
    }

    #[test]
    fn modules_are_where_imports_say() {
        for (at, module, expected) in [
            ("a/b/c.js", "./d", &["a/b/d"][..]),
            ("a/b/c.js", "../d/e", &["a/d/e"]),
            ("c.js", "../d", &[]),
            ("app/assets/javascripts/a/b.vue", "~/c/d", &["app/assets/javascripts/c/d"]),
            ("ee/app/assets/javascripts/a.vue", "~/c", &["app/assets/javascripts/c"]),
            ("ee/app/assets/javascripts/a.vue", "ee/c", &["ee/app/assets/javascripts/c"]),
            ("spec/frontend/a_spec.js", "~/c", &["app/assets/javascripts/c"]),
            ("ee/spec/frontend/a_spec.js", "ee/c", &["ee/app/assets/javascripts/c"]),
            (
                "app/assets/javascripts/a.vue",
                "ee_else_ce/c",
                &["ee/app/assets/javascripts/c", "app/assets/javascripts/c"],
            ),
            ("x/app/assets/javascripts/a.vue", "~/c", &["x/app/assets/javascripts/c"]),
            ("web/src/a/b.ts", "@/c", &["web/src/c"]),
            ("app/assets/javascripts/a.vue", "lodash", &[]),
            ("app/assets/javascripts/a.vue", "@gitlab/ui", &[]),
        ] {
            assert_eq!(places(at, module), expected, "{at}: {module}");
        }
    }

    #[test]
    fn modules_that_may_both_be_meant_have_to_agree() {
        let files = |one: &'static str, other: &'static str| {
            Modules::new(move |path| match path {
                "ee/app/assets/javascripts/c.js" => Some(one.to_owned()),
                "app/assets/javascripts/c.js" => Some(other.to_owned()),
                _ => None,
            })
            .at("app/assets/javascripts/a.js")
        };
        let ask = |text: &str, _: &Modules| Some(Fact::Text(text.to_owned()));
        let value =
            |one, other| files(one, other).imported("ee_else_ce/c", "X", ask).and_then(Fact::text);
        assert_eq!(value("same", "same"), Some("same".to_owned()));
        assert_eq!(value("one", "other"), None);
    }
}
