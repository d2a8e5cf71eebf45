//! The Ruby gem: its own tests, on the extension as it is built from these sources.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// The folder of the workspace.
fn checkout() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("a crate is in the workspace")
}

/// Whether Ruby can be run and its headers and libclang are there.
fn ruby_is_missing() -> Option<&'static str> {
    let header = "exit File.file?(File.join(RbConfig::CONFIG['rubyhdrdir'], 'ruby.h'))";
    let finds = |code: &str, args: &[&str]| {
        let status =
            Command::new("ruby").args(args).args(["-e", code]).stdin(Stdio::null()).status();
        status.is_ok_and(|it| it.success())
    };
    if !finds("", &[]) {
        return Some("there is no ruby");
    }
    if !finds(header, &["-rrbconfig"]) {
        return Some("the headers of ruby (ruby-dev) are not installed");
    }
    if !finds("", &["-rminitest"]) {
        return Some("minitest (ruby-minitest) is not installed");
    }
    None
}

/// Builds the extension and gives its path; nothing to build if nothing changed.
pub(crate) fn extension() -> PathBuf {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(["build", "--locked", "--quiet", "-p", "internal-events-ruby"]);
    let output = command.current_dir(checkout()).output().expect("cargo starts");
    assert!(output.status.success(), "the extension is not built:\n{}", text(&output));
    let target = match std::env::var_os("CARGO_TARGET_DIR") {
        Some(configured) => checkout().join(configured),
        None => checkout().join("target"),
    };
    target.join("debug/libinternal_events_ruby.so")
}

fn text(output: &Output) -> String {
    let [out, err] = [&output.stdout, &output.stderr].map(|it| String::from_utf8_lossy(it));
    format!("{out}{err}")
}

/// The program under test, as Ruby runs it.
fn program() -> PathBuf {
    let named = std::env::var_os("INTERNAL_EVENTS_BIN");
    named.map_or_else(|| env!("CARGO_BIN_EXE_internal-events").into(), PathBuf::from)
}

#[test]
fn the_tests_of_the_gem_pass() {
    if let Some(missing) = ruby_is_missing() {
        eprintln!("SKIPPED: the Ruby gem is not tested: {missing}");
        return;
    }
    let gem = checkout().join("gems/internal_events");
    let all = "Dir['test/*_test.rb'].sort.each { |it| require File.expand_path(it) }";
    let output = Command::new("ruby")
        .args(["-w", "-Ilib", "-Itest", "-e", all])
        .current_dir(gem)
        .env("INTERNAL_EVENTS_NATIVE", extension())
        .env("INTERNAL_EVENTS_BIN", program())
        .stdin(Stdio::null())
        .output()
        .expect("ruby starts");
    let said = text(&output);
    for line in said.lines().filter(|it| it.contains("SKIPPED:")) {
        eprintln!("{line}");
    }
    assert!(output.status.success(), "{said}");
}
