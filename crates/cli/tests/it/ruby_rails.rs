//! The helpers of the Ruby gem for Rails, `RSpec` and Minitest: their own suites, which start the
//! example application under Puma, Sidekiq, Spring and Passenger, with this program to read what
//! it counted.

use crate::program;
use crate::ruby::extension;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// What the suites need besides Ruby, as Debian calls it.
const PACKAGES: &str = "ruby ruby-rspec ruby-minitest ruby-capybara ruby-railties \
                        ruby-activerecord ruby-sqlite3 ruby-redis puma \
                        ruby-sidekiq ruby-spring passenger";

/// Libraries without which the suites would only say that they miss them.
const LIBRARIES: &str = "require 'rspec'; require 'minitest'; require 'capybara'; require 'rails'; \
                         require 'active_record'; require 'sqlite3'; require 'redis'; \
                         require 'rack/test'; require 'puma'";

#[test]
fn the_ruby_helpers_hold_and_fail_as_they_should() {
    suite(&["--exclude-pattern", "spec/{rails,fixtures}/**/*_spec.rb", "spec"]);
}

#[test]
fn a_rails_application_counts_under_all_servers_and_its_page_holds() {
    suite(&["spec/rails"]);
}

/// Runs examples; the output is shown if any fails.
#[expect(clippy::print_stderr, reason = "what was skipped or measured is said")]
fn suite(arguments: &[&str]) {
    if let Err(reason) = prepared() {
        assert!(std::env::var("CI").as_deref() != Ok("true"), "{reason}");
        eprintln!("SKIPPED: the Ruby suites: {reason}");
        return;
    }
    let mut rspec = Command::new("rspec");
    rspec.args(["--no-color", "--format", "documentation"]).args(arguments);
    let output = run(rspec.current_dir(gem()));
    let text = String::from_utf8_lossy(&output.stdout);
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}\n{error}");
    for line in text.lines().chain(error.lines()) {
        if line.starts_with("SKIPPED:") || line.contains("kills under load") {
            eprintln!("{line}");
        }
    }
}

/// Whether the suites can run here.
fn prepared() -> Result<(), String> {
    let output = Command::new("ruby").args(["-e", LIBRARIES]).stdin(Stdio::null()).output();
    let output = output.map_err(|it| format!("ruby cannot be run: {it}; install {PACKAGES}"))?;
    if output.status.success() {
        return Ok(());
    }
    let complaint = String::from_utf8_lossy(&output.stderr);
    let first = complaint.lines().next().unwrap_or_default();
    Err(format!("{first}; install {PACKAGES}"))
}

/// Runs a command with the program beside it, and with nothing else of ours in its environment.
fn run(command: &mut Command) -> Output {
    let program = program();
    for (name, _) in program.get_envs() {
        command.env_remove(name);
    }
    command.env("INTERNAL_EVENTS_BIN", program.get_program());
    command.env("INTERNAL_EVENTS_NATIVE", extension());
    command.stdin(Stdio::null()).output().expect("rspec starts")
}

fn gem() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../gems/internal_events")
}
