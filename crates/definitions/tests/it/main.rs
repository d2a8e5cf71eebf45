//! What `analyze` makes of definition files, and what the generator writes.
#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "a test panics and tells why")]
#![expect(clippy::format_collect, reason = "in a test the short way is the clear way")]
#![expect(clippy::case_sensitive_file_extension_comparisons, reason = "the files are ours")]

mod aggregates;
mod corpus;
mod fixes;
mod fixture;
mod generate;
mod hostile;
mod mutations;
mod pages;
mod rules;
mod schemas;
