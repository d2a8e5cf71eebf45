//! The Ruby gem: its own tests, on the extension as it is built from these sources.

use std::fs;
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
    let output = unnamed(&mut command).current_dir(checkout()).output().expect("cargo starts");
    assert!(output.status.success(), "the extension is not built:\n{}", text(&output));
    target().join("debug/libinternal_events_ruby.so")
}

/// Keeps from a command for which package cargo runs these tests: what the command builds would
/// differ by it from what is there, and be built anew.
fn unnamed(command: &mut Command) -> &mut Command {
    let is_name = |it: &str| it.starts_with("CARGO_PKG_") || it.starts_with("CARGO_MANIFEST_");
    for (name, _) in std::env::vars_os().filter(|(name, _)| is_name(&name.to_string_lossy())) {
        command.env_remove(name);
    }
    command
}

/// Where cargo builds.
fn target() -> PathBuf {
    let configured = std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into());
    checkout().join(configured)
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

/// What the installed gem runs: it counts, and says which library it has loaded.
const COUNTS: &str = r#"
    require "internal_events"
    3.times { |n| InternalEvents.track_event("view_book", user: n) }
    puts InternalEvents.tracker.metric("counts.count_total_view_book")
    puts $LOADED_FEATURES.grep(/libinternal_events_ruby/)
"#;

#[test]
fn the_packed_gem_installs_with_cargo_alone_and_counts() {
    if let Some(missing) = ruby_is_missing() {
        eprintln!("SKIPPED: the Ruby gem is not installed: {missing}");
        return;
    }
    // Whatever it is built from has been fetched then, so that nothing is fetched below.
    extension();
    // Its place is always the same, so that cargo does not begin anew each time.
    let place = Path::new(env!("CARGO_TARGET_TMPDIR")).join("gem");
    drop(fs::remove_dir_all(&place));
    fs::create_dir_all(&place).expect("there is a place for the gem");
    let package = checkout().join("gems/internal_events/bin/package");
    let packed = succeed(Command::new(package).arg(&place));
    let gem = packed.lines().last().expect("the gem has a name");

    let home = place.join("home");
    let mut install = Command::new("gem");
    install.args(["install", "--local", "--no-document", gem]).env("GEM_HOME", &home);
    install.env("CARGO_NET_OFFLINE", "true").env("INTERNAL_EVENTS_PROFILE", "debug");
    install.env("CARGO_TARGET_DIR", place.join("target")).env("CARGO_BUILD_BUILD_DIR", target());
    succeed(unnamed(&mut install));

    let mut ruby = Command::new("ruby");
    ruby.args(["-e", COUNTS]).env("GEM_HOME", &home).env("RAILS_ENV", "test");
    ruby.env_remove("INTERNAL_EVENTS_NATIVE").env_remove("RUBYLIB");
    ruby.env("INTERNAL_EVENTS_ROOT", checkout().join("examples/rails-shop"));
    ruby.env("INTERNAL_EVENTS_DATA", place.join("data"));
    let said = succeed(&mut ruby);
    let library = said.strip_prefix("3\n").unwrap_or_else(|| panic!("not counted: {said}"));
    assert!(library.starts_with(&*home.to_string_lossy()), "another library: {library}");
}

/// Runs a command that has to succeed, and gives what it printed.
fn succeed(command: &mut Command) -> String {
    let output = command.stdin(Stdio::null()).output().expect("it starts");
    assert!(output.status.success(), "{command:?}:\n{}", text(&output));
    String::from_utf8_lossy(&output.stdout).into_owned()
}
