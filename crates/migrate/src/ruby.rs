//! Ruby: finds the calls of legacy tracking and writes those of internal events.
//!
//! ```text
//!  text ─► tree ─► collect: calls and where they stand ─► a plan for each: a new call or a refusal
//!                                                                 │ several: merged or refused
//!                                                                 ▼
//!                                              render: edits, `include`s, what was found
//! ```

mod collect;
mod controller;
mod file;
mod identifiers;
mod in_place;
mod includes;
mod indirect;
mod model;
mod plans;
mod properties;
mod redis;
mod redis_hll;
mod render;
mod rspec;
mod several;
mod snowplow;
mod template;
#[cfg(test)]
mod tests;
mod usage_data;
mod value;

use crate::options::Options;
use crate::project::Project;
use crate::scan::CALLS_OF_RUBY;
use crate::site::{Rewrite, Unparsable};
use crate::stack::with_stack;
use file::File;

pub use template::{rewrite_erb, rewrite_fragment, rewrite_haml};

/// Rewrites a file.
///
/// # Errors
///
/// Fails if it does not parse.
pub fn rewrite(text: &str, project: &Project, options: &Options) -> Result<Rewrite, Unparsable> {
    with_stack(text, || rewritten(text, project, options))
}

fn rewritten(text: &str, project: &Project, options: &Options) -> Result<Rewrite, Unparsable> {
    let source = with_parsed(text, collect::collect)?;
    Ok(plans::rewrite(&File { text, source: &source, project, options }))
}

/// Parses a file.
///
/// # Errors
///
/// Fails if it does not parse.
pub(crate) fn parse(text: &str) -> Result<(), Unparsable> {
    with_stack(text, || with_parsed(text, |_| ()))
}

fn with_parsed<T>(
    text: &str,
    ask: impl FnOnce(&ruby_prism::ParseResult<'_>) -> T,
) -> Result<T, Unparsable> {
    // The text is UTF-8 by now, whatever a comment on its first line says of the file.
    let utf8 = ruby_prism::Options::default().encoding("UTF-8").encoding_locked(true).build();
    let parsed = ruby_prism::parse_with_options(text.as_bytes(), &utf8);
    if let Some(error) = parsed.errors().next() {
        let at = (error.location().start() as usize).min(text.len());
        return Err(Unparsable::wrong(at, String::from_utf8_lossy(error.message())));
    }
    Ok(ask(&parsed))
}

/// Whether the attributes or the text of an element may have a call.
fn names_a_call(text: &str) -> bool {
    // `track_event` alone is an attribute as well.
    has_calls(&text.replace("track_event", "")) || text.contains(".track_event")
}

/// Whether a template may have a call; most have none, and words of attributes are not meant.
fn has_calls(text: &str) -> bool {
    CALLS_OF_RUBY.iter().any(|it| text.contains(it))
}
