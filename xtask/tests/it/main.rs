//! Rules about the code base itself.
//!
//! A rule that finds nothing to check fails: it would otherwise go on passing after the thing it
//! guards has moved away.

mod arrows;
mod documents;
mod files;
mod licences;
mod metadata;
mod reliability;
mod rule_pages;
mod sources;
