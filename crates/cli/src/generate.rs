//! `internal-events generate`: creates definitions.

use crate::context::Context;
use std::ffi::OsString;
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
pub(crate) struct GenerateArgs {}

/// Prepares the command line for the argument parser.
pub(crate) fn prepare_argv(argv: impl Iterator<Item = OsString>) -> Vec<OsString> {
    argv.collect()
}

pub(crate) fn run(_args: GenerateArgs, _cx: &Context) -> anyhow::Result<ExitCode> {
    anyhow::bail!("not built yet")
}
