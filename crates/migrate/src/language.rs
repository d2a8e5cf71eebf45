//! Languages, by the names of files.

use std::path::Path;

/// In what a file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Language {
    /// Ruby, specs among it.
    Ruby,
    /// JavaScript, specs among it.
    JavaScript,
    /// TypeScript.
    TypeScript,
    /// Vue's single-file components.
    Vue,
    /// HTML.
    Html,
    /// Ruby in HTML.
    Erb,
    /// HAML.
    Haml,
}

impl Language {
    /// Tells by a path; `None` for what is not looked into.
    pub fn of(path: &Path) -> Option<Self> {
        // `_form.html.haml` is HAML, `index.html.erb` is ERB, whatever bytes come before.
        Some(match path.extension()?.to_str()? {
            "rb" | "rake" | "ru" => Self::Ruby,
            "js" | "mjs" | "cjs" | "jsx" => Self::JavaScript,
            "ts" | "mts" | "cts" | "tsx" => Self::TypeScript,
            "vue" => Self::Vue,
            "html" | "htm" => Self::Html,
            "erb" => Self::Erb,
            "haml" => Self::Haml,
            _ => return None,
        })
    }

    /// Its name for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ruby => "Ruby",
            Self::JavaScript => "JavaScript",
            Self::TypeScript => "TypeScript",
            Self::Vue => "Vue",
            Self::Html => "HTML",
            Self::Erb => "ERB",
            Self::Haml => "HAML",
        }
    }
}
