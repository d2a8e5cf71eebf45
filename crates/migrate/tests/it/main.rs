//! What the crate does, from outside.

mod attributes;
mod documents;
mod ruby_documents;
