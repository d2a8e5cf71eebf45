//! RSpec.
use super::file::File;
use crate::site::Rewrite;
pub(super) fn rewrite(_file: &File<'_>, _rewrite: &mut Rewrite) {}
