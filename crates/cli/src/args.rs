//! The command line.

use crate::backup::BackupArgs;
use crate::check::CheckArgs;
use crate::counters::CountersArgs;
use crate::doctor::DoctorArgs;
use crate::explain::ExplainArgs;
use crate::generate::GenerateArgs;
use crate::journal::JournalArgs;
use crate::metrics::MetricsArgs;
use crate::migrate::MigrateArgs;
use crate::monitor::MonitorArgs;
use crate::outbox::OutboxArgs;
use crate::parity::ParityArgs;
use crate::quarantine::QuarantineArgs;
use crate::schema::SchemaArgs;
use crate::serve::ServeArgs;
use crate::token::TokenArgs;
use crate::track::TrackArgs;
use clap::builder::Resettable;
use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Product analytics from definitions: one call to track an event, YAML beside the code to say
/// what it means.
#[derive(Debug, Parser)]
#[command(name = "internal-events", version, max_term_width = 100, propagate_version = true)]
pub(crate) struct Args {
    /// The directory with `config/` and `ee/config/`.
    #[arg(
        long,
        value_name = "DIR",
        global = true,
        default_value = ".",
        env = "INTERNAL_EVENTS_ROOT"
    )]
    pub(crate) root: PathBuf,

    /// Where journal and counters are kept [default: .internal-events under the root].
    #[arg(long, value_name = "DIR", global = true, env = "INTERNAL_EVENTS_DATA")]
    pub(crate) data: Option<PathBuf>,

    /// How to log to standard error.
    #[arg(
        long,
        value_enum,
        global = true,
        default_value = "text",
        env = "INTERNAL_EVENTS_LOG_FORMAT"
    )]
    pub(crate) log_format: LogFormat,

    #[command(subcommand)]
    pub(crate) command: Command,
}

impl Args {
    /// Reads what the program was called with. A variable that is empty says nothing, as everywhere:
    /// that is what templates make of one that is not set.
    pub(crate) fn read() -> Self {
        let command = Self::command().mut_args(|arg| {
            let value = arg.get_env().and_then(std::env::var_os);
            let is_empty = value.is_some_and(|it| it.is_empty());
            if is_empty { arg.env(Resettable::Reset) } else { arg }
        });
        let read = Self::from_arg_matches(&command.get_matches());
        read.unwrap_or_else(|error| error.exit())
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Create event and metric definitions.
    Generate(GenerateArgs),
    /// Report all problems of the definitions.
    Check(CheckArgs),
    /// Print the JSON Schema of a definition, for editors.
    Schema(SchemaArgs),
    /// Accept events over HTTP and answer for them.
    Serve(ServeArgs),
    /// Make a token for callers of the server.
    Token(TokenArgs),
    /// Track one event.
    Track(TrackArgs),
    /// Show the values of metrics.
    Metrics(MetricsArgs),
    /// Watch metrics and events as they change.
    Monitor(MonitorArgs),
    /// Explain why an event would, or would not, move which metric.
    Explain(ExplainArgs),
    /// Rewrite legacy tracking to internal events, or say why not.
    Migrate(MigrateArgs),
    /// Compare metrics with what they were by earlier definitions, as after a migration.
    Parity(ParityArgs),
    /// Look at what was accepted, entry by entry.
    Journal(JournalArgs),
    /// Look at what was kept aside, and decide what becomes of it.
    Quarantine(QuarantineArgs),
    /// Look at what a destination would not take, and decide what becomes of it.
    Outbox(OutboxArgs),
    /// Copy counters from one place to another, or write them to a file.
    Counters(CountersArgs),
    /// Copy a data directory, which may be in use.
    Backup(BackupArgs),
    /// Look at an installation, and say what is wrong and what to do.
    Doctor(DoctorArgs),
    /// Print a completion script for a shell.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
    /// Print the manual page.
    Man,
}

/// How to log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// A line for people.
    Text,
    /// An object of JSON on a line.
    Json,
}
