//! The example of `docs/migrating-counters.md`, executed from its first file to its last command.

use crate::redis::Redis;
use crate::{program, write};
use std::path::Path;
use std::process::Stdio;

/// What stands for the fields of a definition that do not matter.
const REST: &str = "# …";

/// Fields that every definition has and none of the page's is about.
const FIELDS: &str = "\
description: What somebody did to something, as an example for readers
product_group: source_code
product_categories: [source_code_management]
status: active
milestone: '1.0'
introduced_by_url: https://example.com/changes/1
tiers: [free, premium, ultimate]
";

const METRIC_FIELDS: &str = "\
value_type: number
data_category: optional
performance_indicator_type: []
";

#[test]
fn the_page_on_migrating_counters_holds() {
    the_page_holds(&[]);
}

/// The same, word for word, with the counters in Redis.
#[test]
fn the_page_on_migrating_counters_holds_in_redis() {
    let Some(redis) = Redis::start() else { return };
    the_page_holds(&[("INTERNAL_EVENTS_REDIS_URL", &redis.url)]);
}

fn the_page_holds(env: &[(&str, &str)]) {
    let path = format!("{}/../../docs/migrating-counters.md", env!("CARGO_MANIFEST_DIR"));
    let page = std::fs::read_to_string(path).expect("the page exists");
    let root = tempfile::tempdir().expect("a temporary directory");
    let (mut n_files, mut n_commands, mut code) = (0, 0, None);
    for block in page.split("\n```").skip(1).step_by(2) {
        let (language, text) = block.split_once('\n').expect("a first line");
        match language {
            "yaml" => n_files += write_files(root.path(), text),
            "console" => {
                for (command, expected) in commands(text) {
                    n_commands += 1;
                    let printed = execute(root.path(), (command, env), &mut code);
                    assert_eq!(without_weeks(&printed), without_weeks(&expected), "{command}");
                }
            }
            other => panic!("nobody executes a block of {other}"),
        }
    }
    assert!(n_files > 10 && n_commands > 10, "{n_files} files and {n_commands} commands");
}

/// Writes the files of a block, each of which begins with a comment that is its path.
fn write_files(root: &Path, text: &str) -> usize {
    let files = text.strip_prefix("# ").expect("a path").split("\n# ");
    let mut named: Vec<(&str, String)> = Vec::new();
    for part in files {
        let (first, rest) = part.split_once('\n').unwrap_or((part, ""));
        match named.last_mut() {
            Some((path, content)) if first == REST.trim_start_matches("# ") => {
                content.push_str(FIELDS);
                content.push_str(if path.contains("/metrics/") { METRIC_FIELDS } else { "" });
                assert_eq!(rest, "", "the rest ends a file");
            }
            _ => named.push((first, format!("{rest}\n"))),
        }
    }
    for (path, content) in &named {
        write(root, path, content);
    }
    named.len()
}

/// The commands of a block with what they print.
fn commands(text: &str) -> Vec<(&str, String)> {
    let mut commands: Vec<(&str, String)> = Vec::new();
    for line in text.lines() {
        match (line.strip_prefix("$ "), commands.last_mut()) {
            (Some(command), _) => commands.push((command, String::new())),
            (None, Some((_, expected))) => expected.push_str(&format!("{line}\n")),
            (None, None) => panic!("output before any command: {line}"),
        }
    }
    commands
}

fn execute(root: &Path, (command, env): (&str, &[(&str, &str)]), code: &mut Option<i32>) -> String {
    if command == "echo $?" {
        return format!("{}\n", code.expect("a command ran before"));
    }
    let args = command.strip_prefix("internal-events ").expect("a command of ours");
    // Where a command is to find no data there is none in Redis either.
    let env = if args.contains("--data none") { &[] } else { env };
    let run = program()
        .args(args.split(' '))
        .envs(env.iter().copied())
        .current_dir(root)
        .stdin(Stdio::null())
        .output()
        .expect("the program starts");
    *code = run.status.code();
    let err = String::from_utf8_lossy(&run.stderr);
    assert_eq!(err, "", "{command}");
    String::from_utf8(run.stdout).expect("it prints UTF-8")
}

/// Weeks are those of the day on which the test runs.
fn without_weeks(text: &str) -> String {
    let is_week = |it: &str| {
        it.len() == 7 && it.bytes().enumerate().all(|(n, it)| (n == 4) == (it == b'-') && it < b':')
    };
    let word = |it: &str| if is_week(it) { "WEEK".to_owned() } else { it.to_owned() };
    let line = |it: &str| it.split(' ').map(word).collect::<Vec<_>>().join(" ");
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}
