//! Attributes of elements: `data-track-action="…"` becomes `data-event-tracking="…"`.
//!
//! ```text
//!  HTML, Vue ── html5gum ─┐
//!  ERB ──────── masks ────┤    elements: the attributes of one      judge: what becomes
//!  HAML ─────── lines ────┼──► tag, hash or object, and what  ────► of an element, as a
//!  Ruby ─────── prism ────┤    to write for each of them            whole or not at all
//!  JavaScript ─ oxc ──────┘
//! ```
//!
//! Readers of languages only find elements. The judge knows what the attributes mean, so a rule
//! holds in all languages.

mod element;
mod erb;
mod haml;
mod html;
mod javascript;
mod judge;
mod ruby;
mod vue;

use crate::inline::{self, Code, Inline};
use crate::javascript::{Component, Context};
use crate::language::Language;
use crate::options::Options;
use crate::project::Project;
use crate::site::{Kind, Outcome, Reason, Rewrite, Unparsable};
use crate::stack::with_stack;

/// Rewrites the attributes of a file.
///
/// # Errors
///
/// Fails if the text does not parse as a whole; then nothing of it is changed.
pub fn rewrite(
    text: &str,
    language: Language,
    project: &Project,
    options: &Options,
) -> Result<Rewrite, Unparsable> {
    if !options.includes(Kind::DataAttributes) || !is_worth_a_look(text) {
        return Ok(Rewrite::default());
    }
    let mut work =
        Work { project, options, component: None, in_dropdown: false, rewrite: Rewrite::default() };
    let read = || match language {
        Language::Html => {
            html::read(text, &mut work);
            scripts(text, language, &mut work);
            Ok(())
        }
        Language::Vue => vue::read(text, &mut work),
        Language::JavaScript => javascript::read(text, false, &mut work),
        Language::TypeScript => javascript::read(text, true, &mut work),
        Language::Ruby => ruby::read(text, ruby::Flavour::Code, &mut work),
        Language::Erb => {
            erb::read(text, &mut work)?;
            scripts(text, language, &mut work);
            Ok(())
        }
        Language::Haml => {
            haml::read(text, &mut work);
            scripts(text, language, &mut work);
            Ok(())
        }
    };
    with_stack(text, read)?;
    work.rewrite.sites.sort_by_key(|it| it.range.start);
    Ok(work.rewrite)
}

/// Reads the scripts of a page.
fn scripts(text: &str, language: Language, work: &mut Work<'_>) {
    for Inline { range, code } in inline::scripts(text, language) {
        let source = &text[range.clone()];
        let mut part = Work { rewrite: Rewrite::default(), ..*work };
        let is_read =
            code == Code::JavaScript && javascript::read(source, false, &mut part).is_ok();
        if is_read {
            work.rewrite.take_part(part.rewrite, range.start);
        } else if judge::mentions_tracking(source) {
            let (reason, what) = match code {
                Code::JavaScript => (Reason::DoesNotParse, "a script that does not parse"),
                Code::WithRuby => (Reason::NotUnderstood, "a script that Ruby writes a part of"),
                Code::Other => (Reason::NotUnderstood, "a script that is no JavaScript"),
            };
            let what = format!("{what} may set an attribute: `{}`", judge::quote(text, &range));
            let advice = "Change the attributes in it by hand, or move it into a file of its own.";
            work.note(range, Outcome::Refused(judge::refusal(reason, what, advice)), None);
        }
    }
}

/// Whether any attribute, old or new, may be in a text.
fn is_worth_a_look(text: &str) -> bool {
    let words = ["track", "Track", "TRACK"];
    words.iter().any(|it| text.contains(it))
}

/// What readers need, and what became of the text so far.
struct Work<'a> {
    project: &'a Project,
    options: &'a Options,
    /// The component that a template belongs to.
    component: Option<Component<'a>>,
    /// Whether the tag that is read opens and closes with a dropdown in it.
    in_dropdown: bool,
    rewrite: Rewrite,
}

impl<'a> Work<'a> {
    /// What is known besides a script.
    fn context(&self) -> Context<'a> {
        Context { project: self.project, options: self.options, component: self.component }
    }
}

#[cfg(test)]
mod tests;
