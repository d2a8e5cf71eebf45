//! Rewrites legacy tracking to internal events, or says why it will not.
//!
//! ```text
//!  text of a file ─► scan ─► parser of its language ─► sites: a rewrite or a refusal each
//!                     │ no word of legacy tracking                │ edits by bytes
//!                     ▼                                           ▼
//!                   untouched                       new text, parsed once more
//!                                                                 │ events that were found
//!                                                                 ▼
//!                                       definitions, key overrides, list of legacy events
//! ```
//!
//! Text in, text out: no file is touched here, and nothing is printed. Parsers are used to find
//! bytes; what lies outside of an edit stays as it is. What cannot be proven is refused with a
//! reason, and a call is changed completely or not at all.

pub mod attributes;
mod definitions;
mod edit;
mod encoding;
mod haml;
mod inline;
pub mod javascript;
mod language;
mod modules;
mod options;
mod project;
mod rewrite;
pub mod ruby;
mod scan;
mod site;
mod stack;
pub mod vue;

pub use definitions::{Change, FileCalls, MetricSite, Planned, Surroundings, plan};
pub use edit::{Edit, Edits};
pub use encoding::{Decoded, NotUtf8, decoded, is_utf16};
pub use language::Language;
pub use modules::Modules;
pub use options::{Options, Style, TwoNames};
pub use project::{Held, LegacyEvent, Project, Tell, Told};
pub use rewrite::{rewrite, rewrite_checked};
pub use scan::{first_legacy_word, has_legacy_words, longest_legacy_word};
pub use site::{
    Found, Identifier, Kind, Outcome, Property, PropertyType, Reason, Refusal, Rewrite, Site,
    Unparsable,
};
pub use stack::spawn_with_room;
