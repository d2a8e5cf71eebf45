//! Completions and the manual page.

use crate::args::Args;
use crate::output;
use clap::CommandFactory as _;
use std::process::ExitCode;

pub(crate) fn completions(shell: clap_complete::Shell) -> anyhow::Result<ExitCode> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Args::command(), "internal-events", &mut script);
    output::print(&String::from_utf8(script)?)?;
    Ok(ExitCode::SUCCESS)
}

pub(crate) fn man() -> anyhow::Result<ExitCode> {
    let mut page = Vec::new();
    clap_mangen::Man::new(Args::command()).render(&mut page)?;
    output::print(&String::from_utf8(page)?)?;
    Ok(ExitCode::SUCCESS)
}
