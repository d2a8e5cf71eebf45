//! The program: the only place that prints, prompts, exits and reads arguments.

mod advice;
mod args;
mod backup;
mod check;
mod context;
mod counters;
mod doctor;
mod explain;
mod generate;
mod https;
mod interruption;
mod journal;
mod metrics;
mod migrate;
mod monitor;
mod outbox;
mod output;
mod parity;
mod quarantine;
mod render;
mod schema;
mod secrets;
mod serve;
mod shell;
mod token;
mod track;
mod visible;
mod which;

use args::{Args, Command, LogFormat};
use context::Context;
use std::process::ExitCode;

/// Trees of definitions and bodies of requests are many small pieces; this allocator takes a tenth
/// off both (2026-11).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let args = Args::read();
    output::decide_colours();
    start_logging(args.log_format);
    let result = run(args);
    match result {
        Ok(code) => code,
        // Whoever closed the pipe has seen enough.
        Err(error) if output::is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            output::report(&error);
            ExitCode::from(2)
        }
    }
}

fn run(args: Args) -> anyhow::Result<ExitCode> {
    let cx = Context::new(args.root, args.data);
    match args.command {
        Command::Generate(args) => generate::run(args, &cx),
        Command::Check(args) => check::run(&args, &cx),
        Command::Schema(args) => schema::run(&args),
        Command::Serve(args) => serve::run(args, &cx),
        Command::Token(args) => token::run(&args),
        Command::Track(args) => track::run(args, &cx),
        Command::Metrics(args) => metrics::run(&args, &cx),
        Command::Monitor(args) => monitor::run(&args, &cx),
        Command::Explain(args) => explain::run(args, &cx),
        Command::Migrate(args) => migrate::run(&args, &cx),
        Command::Parity(args) => parity::run(&args, &cx),
        Command::Journal(args) => journal::run(args, &cx),
        Command::Quarantine(args) => quarantine::run(args, &cx),
        Command::Outbox(args) => outbox::run(args, &cx),
        Command::Counters(args) => counters::run(args, &cx),
        Command::Backup(args) => backup::run(&args, &cx),
        Command::Doctor(args) => doctor::run(&args, &cx),
        Command::Completions { shell } => shell::completions(shell),
        Command::Man => shell::man(),
    }
}

/// Logs go to standard error, so that standard output stays what was asked for.
fn start_logging(format: LogFormat) {
    let filter = tracing_subscriber::EnvFilter::try_from_env("INTERNAL_EVENTS_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info"));
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_target(false);
    match format {
        LogFormat::Text => log
            .with_ansi(output::stderr_has_colour())
            .fmt_fields(visible::VisibleFields::default())
            .init(),
        LogFormat::Json => {
            log.json().flatten_event(true).with_writer(|| visible::VisibleJsonLines).init();
        }
    }
}
