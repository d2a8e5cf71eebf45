//! `internal-events token`: what a caller of the server shows to be let in.

use crate::output;
use crate::output::Format;
use internal_events_collector::{NewToken, Scope, Token};
use serde_json::json;
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
pub(crate) struct TokenArgs {
    /// Who will use it; for people.
    #[arg(long)]
    name: String,

    /// What it allows: `track`, `track_any_user`, `read_metrics` or `debug`; several times for
    /// several.
    #[arg(long = "scope", value_name = "SCOPE", required = true, value_parser = scope)]
    scopes: Vec<Scope>,

    /// How to print it.
    #[arg(long, value_enum, default_value = "human")]
    format: Format,
}

fn scope(word: &str) -> Result<Scope, String> {
    let names = Scope::ALL.map(Scope::name).join(", ");
    Scope::from_name(word).ok_or_else(|| format!("there are {names}"))
}

pub(crate) fn run(args: &TokenArgs) -> anyhow::Result<ExitCode> {
    let NewToken { text, sha256 } = NewToken::generate()?;
    let mut scopes: Vec<String> = Vec::new();
    for scope in &args.scopes {
        if !scopes.iter().any(|it| it == scope.name()) {
            scopes.push(scope.name().to_owned());
        }
    }
    // What is printed here must be taken by the server.
    Token::new(&args.name, &sha256, &scopes)?;
    let lines = toml(&args.name, &sha256, &scopes);
    if args.format == Format::Json {
        output::print_json(&json!({
            "version": 1,
            "name": args.name,
            "token": text,
            "sha256": sha256,
            "scopes": scopes,
            "toml": lines,
        }))?;
        return Ok(ExitCode::SUCCESS);
    }
    output::print(&format!(
        "{text}\n\nThis is the only time it is shown. For internal-events.toml:\n\n{lines}"
    ))?;
    Ok(ExitCode::SUCCESS)
}

fn toml(name: &str, sha256: &str, scopes: &[String]) -> String {
    // A text of JSON, with its escapes, is one of TOML too.
    let (name, scopes) = (json!(name), scopes.iter().map(|it| json!(it).to_string()));
    let scopes = scopes.collect::<Vec<_>>().join(", ");
    format!("[[collector.tokens]]\nname = {name}\nsha256 = \"{sha256}\"\nscopes = [{scopes}]\n")
}
