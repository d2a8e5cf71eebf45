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
mod html;
mod javascript;
mod judge;
mod vue;

use crate::language::Language;
use crate::options::Options;
use crate::project::Project;
use crate::site::{Kind, Rewrite, Unparsable};

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
    let mut work = Work { project, options, rewrite: Rewrite::default() };
    if !options.includes(Kind::DataAttributes) {
        return Ok(work.rewrite);
    }
    match language {
        Language::Html => html::read(text, &mut work),
        Language::Vue => vue::read(text, &mut work)?,
        Language::JavaScript => javascript::read(text, false, &mut work)?,
        Language::TypeScript => javascript::read(text, true, &mut work)?,
        Language::Erb | Language::Haml | Language::Ruby => {}
    }
    work.rewrite.sites.sort_by_key(|it| it.range.start);
    Ok(work.rewrite)
}

/// What readers need, and what became of the text so far.
struct Work<'a> {
    project: &'a Project,
    options: &'a Options,
    rewrite: Rewrite,
}

#[cfg(test)]
mod tests;
