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
    if !options.includes(Kind::DataAttributes) || !is_worth_a_look(text) {
        return Ok(Rewrite::default());
    }
    let mut work = Work { project, options, rewrite: Rewrite::default() };
    let read = || match language {
        Language::Html => {
            html::read(text, &mut work);
            Ok(())
        }
        Language::Vue => vue::read(text, &mut work),
        Language::JavaScript => javascript::read(text, false, &mut work),
        Language::TypeScript => javascript::read(text, true, &mut work),
        Language::Ruby => ruby::read(text, ruby::Flavour::Code, &mut work),
        Language::Erb => erb::read(text, &mut work),
        Language::Haml => {
            haml::read(text, &mut work);
            Ok(())
        }
    };
    on_a_large_stack(read)?;
    work.rewrite.sites.sort_by_key(|it| it.range.start);
    Ok(work.rewrite)
}

/// Whether any attribute, old or new, may be in a text.
fn is_worth_a_look(text: &str) -> bool {
    let words = ["track", "Track", "TRACK"];
    words.iter().any(|it| text.contains(it))
}

/// Parsers and visitors call themselves for what is nested, and take kilobytes for each level.
fn on_a_large_stack(
    read: impl FnOnce() -> Result<(), Unparsable> + Send,
) -> Result<(), Unparsable> {
    /// Only what is used of it is ever taken from the system. A file of four kilobytes of
    /// brackets or signs, the worst there is, needs some twenty megabytes.
    const N_BYTES: usize = 128 << 20;
    let failed = |message: &str| Unparsable { at: 0, message: message.to_owned() };
    std::thread::scope(|scope| {
        let builder = std::thread::Builder::new().stack_size(N_BYTES);
        let Ok(running) = builder.spawn_scoped(scope, read) else {
            return Err(failed("there is no memory for its parser"));
        };
        running.join().unwrap_or_else(|_| Err(failed("its parser failed")))
    })
}

/// What readers need, and what became of the text so far.
struct Work<'a> {
    project: &'a Project,
    options: &'a Options,
    rewrite: Rewrite,
}

#[cfg(test)]
mod tests;
