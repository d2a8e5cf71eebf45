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
mod model;
mod plans;
mod properties;
mod redis;
mod redis_hll;
mod render;
mod rspec;
mod several;
mod snowplow;
#[cfg(test)]
mod tests;
mod value;

use crate::language::Language;
use crate::options::Options;
use crate::project::Project;
use crate::scan::has_legacy_words;
use crate::site::{Kind, Reason, Rewrite, Unparsable};
use file::File;

/// What may stand behind code of a template that does not end in itself: `- if x`,
/// `= link_to x do`, `- [1].each { |it|`.
const ENDS: [&str; 4] = ["", "\nend", "\n}", "\n})"];

/// Rewrites a file.
///
/// # Errors
///
/// Fails if it does not parse.
pub fn rewrite(text: &str, project: &Project, options: &Options) -> Result<Rewrite, Unparsable> {
    // The text is UTF-8 by now, whatever a comment on its first line says of the file.
    let utf8 = ruby_prism::Options::default().encoding("UTF-8").encoding_locked(true).build();
    let parsed = ruby_prism::parse_with_options(text.as_bytes(), &utf8);
    if let Some(error) = parsed.errors().next() {
        return Err(Unparsable {
            at: (error.location().start() as usize).min(text.len()),
            message: String::from_utf8_lossy(error.message()).into_owned(),
        });
    }
    let source = collect::collect(&parsed);
    Ok(plans::rewrite(&File { text, source: &source, project, options }))
}

/// Rewrites code of a template: a part of a file that need not be complete, as `if x` is not.
///
/// Offsets are those of `text`. What does not parse and may have legacy tracking is a site that
/// is refused.
pub fn rewrite_fragment(text: &str, project: &Project, options: &Options) -> Rewrite {
    for end in ENDS {
        let Ok(mut done) = rewrite(&format!("{text}{end}"), project, options) else { continue };
        if done.edits.iter().any(|it| it.range.end > text.len()) {
            break;
        }
        for it in &mut done.sites {
            it.range = it.range.start.min(text.len())..it.range.end.min(text.len());
        }
        return done;
    }
    let mut rewrite = Rewrite::default();
    if has_legacy_words(Language::Ruby, text.as_bytes()) {
        rewrite.refuse(
            Kind::RubySnowplow,
            0..text.len(),
            Reason::DoesNotParse,
            format!("this code does not parse by itself: `{}`", text.trim()),
            "Move the tracking into a helper method, and migrate that.",
        );
    }
    rewrite
}
