//! `docs/migrate.md`: its JSON is what is printed, its commands run, its options are all there are.

use crate::{Run, files, program, run};
use serde_json::Value;
use std::path::Path;
use std::process::{Command, Stdio};

const PAGE: &str = include_str!("../../../../docs/migrate.md");

/// The block of the page that begins with a fence of this language.
fn block(language: &str) -> &'static str {
    let (_, rest) = PAGE.split_once(&format!("```{language}\n")).expect("a block");
    rest.split("```").next().unwrap_or_default()
}

#[test]
fn the_json_of_the_page_is_what_is_printed() {
    let lines = |n: usize| "#\n".repeat(n);
    let create = format!(
        "{}class CreateService\n  def execute\n    if ok?\n        \
         Gitlab::UsageDataCounters::HLLRedisCounter.track_event(:place_order, values: user.id)\n    \
         end\n  end\n\n  attr_reader :user\nend\n",
        lines(10)
    );
    let remind = format!(
        "{}class RemindWorker\n  def perform(customer_id)\n      \
         Gitlab::UsageDataCounters::HLLRedisCounter.track_event(:remind, values: customer_id)\n  \
         end\nend\n",
        lines(4)
    );
    let large = "// Tracking.event\n".repeat(300_000);
    let root = files(&[
        ("app/services/create.rb", &create),
        ("app/workers/remind.rb", &remind),
        ("app/views/pay.html.haml", "%button{ data: { track_action: 'click_pay' } }\n"),
        ("app/large.js", &large),
        ("app/other.rb", "class Other; end\n"),
        ("config/events/open_shop.yml", EVENT),
    ]);
    let root = root.path().to_str().expect("UTF-8");
    let printed = run(&["migrate", "--format", "json", "--root", root]);
    assert_eq!(printed.code, Some(1), "{}", printed.err);
    let shown: Value = serde_json::from_str(block("json")).expect("JSON");
    let printed: Value = serde_json::from_str(&printed.out).expect("JSON");
    assert_eq!(printed, shown, "{printed:#}");
}

const EVENT: &str = "---
description: Somebody opens the shop in the morning, as an example of an event
internal_events: true
action: open_shop
identifiers:
- user
product_group: shop
milestone: '17.0'
introduced_by_url: https://example.com/changes/1
tiers:
- free
- premium
- ultimate
";

#[test]
fn the_commands_of_the_page_run() {
    let shop = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/legacy-shop");
    let folder = tempfile::tempdir().expect("a directory");
    let (before, root) = (folder.path().join("BEFORE"), folder.path().join("shop"));
    for to in [&before, &root] {
        crate::migrate::copy(&shop, to);
        // What cannot be rewritten would have the first command end with 1.
        std::fs::remove_file(to.join("app/services/orders/remind_worker.rb")).expect("a file");
        let metric = "config/metrics/counts_28d/open_reminder_monthly.yml";
        std::fs::remove_file(to.join(metric)).expect("a file");
    }
    let git = |args: &[&str]| {
        let identity = ["-c", "user.name=a", "-c", "user.email=a@example.com"];
        let mut command = Command::new("git");
        command.arg("-C").arg(&root).args(identity).args(args);
        let done = command.stdout(Stdio::null()).stderr(Stdio::null()).status();
        assert!(done.is_ok_and(|it| it.success()), "git {args:?}");
    };
    git(&["init"]);
    git(&["add", "-A"]);
    git(&["commit", "-m", "before"]);
    let commands: Vec<&str> = block("console").lines().collect();
    assert_eq!(commands.len(), 5, "{commands:?}");
    for command in commands {
        let line = command.strip_prefix("$ internal-events ").expect("a command");
        let line = line.split('#').next().unwrap_or_default();
        let args = line.split_whitespace().map(|it| match it {
            "BEFORE" => before.to_str().expect("UTF-8"),
            it => it,
        });
        let done = program().args(args).current_dir(&root).stdin(Stdio::null()).output();
        let done = done.expect("the program starts");
        let (out, err) =
            (String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
        assert_eq!(done.status.code(), Some(0), "{command}\n{out}{err}");
    }
}

#[test]
fn the_options_of_the_page_are_those_of_the_program() {
    let Run { out, .. } = run(&["migrate", "--help"]);
    let (_, rest) = PAGE.split_once("## Options\n").expect("a section");
    let section = rest.split("\n## ").next().unwrap_or_default();
    let rows = section.lines().filter_map(|it| it.strip_prefix("| `--"));
    let mut shown: Vec<&str> = rows.filter_map(|it| it.split([' ', '`']).next()).collect();
    // Options of every command are described elsewhere.
    let of_all = ["root", "data", "help", "log", "log-format", "color"];
    let words =
        out.lines().filter_map(|it| it.trim_start().trim_start_matches("-h, ").strip_prefix("--"));
    let mut known: Vec<&str> = words.filter_map(|it| it.split([' ', '=']).next()).collect();
    known.retain(|it| !of_all.contains(it));
    shown.sort_unstable();
    known.sort_unstable();
    assert_eq!(shown, known);
}
