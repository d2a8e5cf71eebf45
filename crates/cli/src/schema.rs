//! `internal-events schema`: JSON Schemas for editors.

use crate::output;
use clap::ValueEnum;
use internal_events_definitions::{Kind, schema};
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
pub(crate) struct SchemaArgs {
    /// Of which kind of definition.
    #[arg(value_enum)]
    kind: SchemaKind,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum SchemaKind {
    /// `config/events/*.yml`.
    Event,
    /// `config/metrics/*/*.yml`.
    Metric,
}

pub(crate) fn run(args: &SchemaArgs) -> anyhow::Result<ExitCode> {
    let kind = match args.kind {
        SchemaKind::Event => Kind::Event,
        SchemaKind::Metric => Kind::Metric,
    };
    output::print_json(&schema(kind))?;
    Ok(ExitCode::SUCCESS)
}
