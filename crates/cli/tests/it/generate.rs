//! `internal-events generate` without a terminal.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod pasted;
mod terminal;

use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

const MR: &str = "--mr=https://gitlab.com/gitlab-org/gitlab/-/merge_requests/121544";

/// The guide's command, flags unchanged.
const GUIDE: &[&str] = &[
    "--time_frames=7d",
    "28d",
    "--group=project_management",
    "--stage=plan",
    "--section=dev",
    "--event=ci_templates_unique",
    "--unique=user.id",
    MR,
];

const GUIDE_PATHS: [&str; 3] = [
    "config/events/ci_templates_unique.yml",
    "config/metrics/counts_28d/count_distinct_user_id_from_ci_templates_unique_28d.yml",
    "config/metrics/counts_7d/count_distinct_user_id_from_ci_templates_unique_7d.yml",
];

fn program(root: &Path) -> Command {
    let mut command = crate::program();
    command.arg("generate").arg("--root").arg(root);
    command.env_remove("NO_COLOR").env("TERM", "xterm-256color");
    command
}

/// Has a shell prepare the ground; the script calls the command as `"$@"`.
pub(crate) fn in_shell(script: &str, command: &Command) -> Command {
    let mut shell = Command::new("sh");
    shell.args(["-c", script, "sh"]).arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    shell
}

/// Runs the command without a terminal.
fn generate(root: &Path, args: &[&str]) -> Output {
    program(root).args(args).stdin(Stdio::null()).output().unwrap()
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

fn stdout(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).unwrap()
}

fn stderr(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).unwrap()
}

/// Every path below a folder; of files also what they hold and which file it is.
fn tree(folder: &Path) -> Vec<(String, Option<(String, u64)>)> {
    use std::os::unix::fs::MetadataExt as _;
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(it) = folders.pop() {
        for entry in fs::read_dir(it).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(folder).unwrap().display().to_string();
            if path.is_dir() {
                found.push((name, None));
                folders.push(path);
            } else {
                let inode = path.metadata().unwrap().ino();
                found.push((name, Some((fs::read_to_string(path).unwrap(), inode))));
            }
        }
    }
    found.sort();
    found
}

/// Runs a tool that checks syntax, or says loudly that it is not there.
#[expect(clippy::print_stderr, reason = "a test that did not run says so")]
fn check_syntax(tool: &str, args: &[&str], code: &str, file: &Path) {
    fs::write(file, code).unwrap();
    match Command::new(tool).args(args).arg(file).output() {
        Ok(output) => assert!(output.status.success(), "{}\n{code}", stderr(&output)),
        Err(err) => eprintln!("SKIPPED: the syntax of code for {tool} is not checked: {err}"),
    }
}

fn files(folder: &Path) -> Vec<String> {
    tree(folder).into_iter().filter(|(_, file)| file.is_some()).map(|(path, _)| path).collect()
}

#[test]
fn the_guides_command_works_as_it_stands_in_a_root_that_does_not_exist() {
    let folder = TempDir::new().unwrap();
    let root = folder.path().join("app");
    let output = generate(&root, GUIDE);
    assert_eq!((code(&output), stderr(&output)), (0, ""));
    assert_eq!(files(&root), GUIDE_PATHS);
    assert_eq!(
        stdout(&output),
        "\
create  config/events/ci_templates_unique.yml
create  config/metrics/counts_7d/count_distinct_user_id_from_ci_templates_unique_7d.yml
create  config/metrics/counts_28d/count_distinct_user_id_from_ci_templates_unique_28d.yml

Chosen for you; each has a flag:
  --tiers               free premium ultimate  (all of them)
  --description         Event ci_templates_unique happened  (composed from the name)
  --milestone           0.0  (there is neither a file VERSION nor any definition)
  --categories          none  (this group uses none yet)
  --identifiers         project user namespace  (all that GitLab's generator offers)
  --metric-description  who triggered ci_templates_unique  (composed from the name)
"
    );
    assert_eq!(
        fs::read_to_string(root.join(GUIDE_PATHS[2])).unwrap(),
        "\
---
key_path: count_distinct_user_id_from_ci_templates_unique_7d
description: Weekly count of unique users who triggered ci_templates_unique
product_group: project_management
performance_indicator_type: []
value_type: number
status: active
milestone: '0.0'
introduced_by_url: https://gitlab.com/gitlab-org/gitlab/-/merge_requests/121544
time_frame: 7d
data_source: internal_events
data_category: optional
tiers:
- free
- premium
- ultimate
events:
- name: ci_templates_unique
  unique: user.id
"
    );
}

#[test]
fn lists_and_flags_may_be_spelt_in_every_usual_way() {
    let root = TempDir::new().unwrap();
    let both = ["count_total_e_7d", "count_total_e_28d"];
    for spelling in [
        "--time_frames=7d 28d",
        "--time_frames 7d 28d",
        "--time-frames=7d,28d",
        "--time-frames 7d,28d",
        "--time-frames=7d, 28d",
        "--time-frames=7d --time_frames 28d",
        "--time_frames=7d 28d --dry_run",
        "--pretend --time_frames=7d 28d",
        "--stage plan --time_frames=7d 28d --section dev",
    ] {
        let mut args = vec!["--event=e", "--group=g", MR, "--dry-run", "--format=json"];
        if spelling.contains("dry_run") || spelling.contains("pretend") {
            args.remove(3);
        }
        args.extend(spelling.split(' '));
        let output = generate(root.path(), &args);
        assert_eq!(code(&output), 0, "{spelling}: {}", stderr(&output));
        let plan: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(plan["key_paths"], serde_json::json!(both), "{spelling}");
    }
    for (unique, key_path) in [
        ("--unique=user.id", "count_distinct_user_id_from_e_7d"),
        ("--unique-on=project", "count_distinct_project_id_from_e_7d"),
        ("--unique_on=namespace.id", "count_distinct_namespace_id_from_e_7d"),
    ] {
        let args =
            ["--event=e", "--group=g", MR, "-p", "--format=json", "--time_frames=7d", unique];
        let output = generate(root.path(), &args);
        let plan: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(plan["key_paths"][0], key_path);
    }
    assert_eq!(files(root.path()), [""; 0]);
}

#[test]
fn words_that_belong_to_no_list_are_refused() {
    let root = TempDir::new().unwrap();
    for stray in [
        &["stray"][..],
        &["--stage=plan", "28d"],
        &["--time_frames=7d", "--stage=plan", "28d"],
        &["--time_frames=7d", "-p", "28d"],
        &["--description=Two", "words"],
    ] {
        let args = [&["--event=e", "--group=g", MR], stray].concat();
        let output = generate(root.path(), &args);
        assert_eq!(code(&output), 2, "{stray:?}");
        let word = stray.last().unwrap();
        let message = format!("error: unexpected argument '{word}' found");
        assert!(stderr(&output).contains(&message), "{}", stderr(&output));
    }
    assert_eq!(files(root.path()), [""; 0]);
}

#[test]
fn everything_missing_or_wrong_is_said_at_once() {
    let root = TempDir::new().unwrap();
    let output = generate(root.path(), &["--tiers=gold", "--unique=user.id", "--time_frames=all"]);
    assert_eq!((code(&output), stdout(&output)), (1, ""));
    assert_eq!(
        stderr(&output),
        "\
error: --event: is missing
  help: name what happens, for example `--event=click_save_button`
error: --group: is missing
  help: name the product group that owns it, for example `--group=project_management`
error: --mr: is missing
  help: give the URL of the merge request that introduces it
error: --time-frames: `all` does not go with --unique
  help: unique values are kept per week: choose 7d, 28d, or leave --unique out
error: --tiers: `gold` is not a tier
  help: choose from free, premium and ultimate
"
    );
    assert_eq!(files(root.path()), [""; 0]);
}

#[test]
fn existing_definitions_are_refused_replaced_or_kept() {
    let root = TempDir::new().unwrap();
    assert_eq!(code(&generate(root.path(), GUIDE)), 0);
    let before = tree(root.path());

    let again = generate(root.path(), GUIDE);
    assert_eq!(code(&again), 1);
    assert_eq!(stderr(&again).matches("already exists").count(), 2, "{}", stderr(&again));
    assert_eq!(tree(root.path()), before);

    let force = generate(root.path(), &[GUIDE, &["--force", "--description=New"]].concat());
    assert_eq!(code(&force), 0, "{}", stderr(&force));
    assert_eq!(stdout(&force).matches("replace ").count(), 3, "{}", stdout(&force));
    let event = fs::read_to_string(root.path().join(GUIDE_PATHS[0])).unwrap();
    assert!(event.starts_with("---\ndescription: New\n"), "{event}");

    fs::remove_file(root.path().join(GUIDE_PATHS[1])).unwrap();
    let skip = generate(root.path(), &[GUIDE, &["-s", "--description=Newer"]].concat());
    assert_eq!(code(&skip), 0, "{}", stderr(&skip));
    assert!(stdout(&skip).starts_with(&format!("create  {}\n", GUIDE_PATHS[1])));
    assert_eq!(stdout(&skip).matches("keep  ").count(), 2, "{}", stdout(&skip));
    assert_eq!(files(root.path()), GUIDE_PATHS);
    assert_eq!(fs::read_to_string(root.path().join(GUIDE_PATHS[0])).unwrap(), event);

    let nothing_left = generate(root.path(), &[GUIDE, &["-s"]].concat());
    assert_eq!(code(&nothing_left), 0);
    assert_eq!(stdout(&nothing_left).matches("keep  ").count(), 3);
}

#[test]
fn a_further_metric_leaves_the_event_as_it_is() {
    let root = TempDir::new().unwrap();
    assert_eq!(code(&generate(root.path(), GUIDE)), 0);
    let event = fs::read_to_string(root.path().join(GUIDE_PATHS[0])).unwrap();
    let args = ["--event=ci_templates_unique", "--group=g", MR, "--unique=project.id"];
    let output = generate(root.path(), &args);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    assert!(stdout(&output).contains(&format!("keep    {}\n", GUIDE_PATHS[0])));
    assert_eq!(fs::read_to_string(root.path().join(GUIDE_PATHS[0])).unwrap(), event);
    assert_eq!(files(root.path()).len(), 5);
}

#[test]
fn a_file_that_defines_nothing_is_in_the_way_too() {
    let root = TempDir::new().unwrap();
    let path = root.path().join(GUIDE_PATHS[1]);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, "# a note\n").unwrap();
    let before = tree(root.path());
    let output = generate(root.path(), GUIDE);
    assert_eq!(code(&output), 1);
    assert!(stderr(&output).contains(&format!("{} already exists", GUIDE_PATHS[1])));
    assert_eq!(tree(root.path()), before);
    assert_eq!(code(&generate(root.path(), &[GUIDE, &["--force"]].concat())), 0);
    assert!(fs::read_to_string(&path).unwrap().starts_with("---\nkey_path: "));
}

#[test]
fn broken_definitions_elsewhere_do_not_stop_it() {
    let root = crate::files(&[
        ("config/events/broken.yml", "---\naction: [\n"),
        ("config/metrics/counts_7d/broken.yml", "\t- nothing"),
        ("config/events/ci.yml", "description: no action\n"),
    ]);
    let output = generate(root.path(), GUIDE);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
}

#[test]
fn a_metric_that_counts_the_same_is_pointed_out() {
    let root = crate::shop();
    let args = ["--event=create_order", "--group=checkout", MR, "--time_frames=all 7d", "-q"];
    assert_eq!(code(&generate(root.path(), &args)), 0);
    let root = crate::shop();
    let output = generate(root.path(), &args[..4]);
    assert!(
        stdout(&output).contains(
            "note: count_total_create_order_all counts the same as \
             counts.count_total_create_order in \
             config/metrics/counts_all/count_total_create_order.yml\n"
        ),
        "{}",
        stdout(&output)
    );
}

#[test]
fn a_dry_run_shows_the_files_and_writes_nothing() {
    let root = TempDir::new().unwrap();
    let output = generate(root.path(), &[GUIDE, &["-p"]].concat());
    assert_eq!(code(&output), 0);
    assert!(
        stdout(&output).starts_with("# config/events/ci_templates_unique.yml\n---\ndescription")
    );
    assert!(stdout(&output).ends_with("\nDry run: nothing was written.\n"));
    assert_eq!(tree(root.path()), []);
}

#[test]
fn quiet_prints_errors_only() {
    let root = TempDir::new().unwrap();
    let quiet = [GUIDE, &["-q"]].concat();
    let output = generate(root.path(), &quiet);
    assert_eq!((code(&output), stdout(&output), stderr(&output)), (0, "", ""));
    let output = generate(root.path(), &quiet);
    assert_eq!((code(&output), stdout(&output)), (1, ""));
    assert!(!stderr(&output).is_empty());
}

#[test]
fn programs_read_the_plan_and_the_problems_as_json() {
    let root = TempDir::new().unwrap();
    let args = [GUIDE, &["--format", "json", "--property=label=Which one"]].concat();
    let output = generate(root.path(), &args);
    assert_eq!((code(&output), stderr(&output)), (0, ""));
    let plan: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(plan["version"], 1);
    assert_eq!(plan["dry_run"], false);
    assert_eq!(plan["event"], "ci_templates_unique");
    assert_eq!(plan["files"][0]["action"], "create");
    assert_eq!(plan["files"][0]["path"], GUIDE_PATHS[0]);
    assert_eq!(
        plan["files"][0]["text"].as_str().unwrap(),
        fs::read_to_string(root.path().join(GUIDE_PATHS[0])).unwrap()
    );
    assert_eq!(plan["kept"], serde_json::json!([]));
    assert_eq!(plan["inferred"][0]["flag"], "tiers");
    let languages: Vec<&str> = plan["snippets"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|it| it["purpose"] == "track")
        .map(|it| it["language"].as_str().unwrap())
        .collect();
    assert_eq!(languages, ["Rust", "Ruby", "JavaScript", "Vue", "HTML"]);

    let output = generate(root.path(), &["--format=json", "--event=e", "--group=g"]);
    assert_eq!(code(&output), 1);
    let refusal: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        refusal,
        serde_json::json!({
            "version": 1,
            "problems": [{
                "flag": "mr",
                "message": "is missing",
                "help": "give the URL of the merge request that introduces it",
            }],
        })
    );
}

#[test]
fn what_it_writes_passes_check() {
    let root = TempDir::new().unwrap();
    assert_eq!(code(&generate(root.path(), GUIDE)), 0);
    let output = crate::program()
        .args(["check", "--format=json", "--root"])
        .arg(root.path())
        .output()
        .unwrap();
    assert_eq!(code(&output), 0, "{}{}", stdout(&output), stderr(&output));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&report["events"], &report["metrics"]), (&Value::from(1), &Value::from(2)));
    for diagnostic in report["diagnostics"].as_array().unwrap() {
        assert_eq!(diagnostic["severity"], "note", "{diagnostic}");
    }
}

#[test]
fn what_check_would_refuse_is_not_written() {
    let root = TempDir::new().unwrap();
    fs::create_dir(root.path().join("config")).unwrap();
    fs::write(root.path().join("config/feature_categories.yml"), "- ci_templates\n").unwrap();
    let before = tree(root.path());
    let output = generate(root.path(), GUIDE);
    assert_eq!(code(&output), 1);
    assert!(stderr(&output).contains("error[missing-categories]"), "{}", stderr(&output));
    let output =
        generate(root.path(), &[GUIDE, &["--categories=ci_template", "--format=json"]].concat());
    assert_eq!(code(&output), 1);
    let refusal: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(refusal["problems"][0]["code"], "unknown-category", "{refusal}");
    assert_eq!(tree(root.path()), before);
    assert_eq!(code(&generate(root.path(), &[GUIDE, &["--categories=ci_templates"]].concat())), 0);
}

#[test]
fn the_code_it_offers_works_when_pasted() {
    let root = TempDir::new().unwrap();
    let mut args = vec!["--event=merge_button", "--group=g", MR, "--unique=strategy"];
    let properties = ["--property=label=A", "--property=value=B", "--property=strategy=C"];
    args.extend(properties.iter().chain(&["--format=json"]));
    let output = generate(root.path(), &args);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    let plan: Value = serde_json::from_slice(&output.stdout).unwrap();
    let offered = |language: &str, purpose: &str| {
        let is_it = |it: &&Value| it["language"] == language && it["purpose"] == purpose;
        let snippet = plan["snippets"].as_array().unwrap().iter().find(is_it).unwrap();
        snippet["code"].as_str().unwrap().to_owned()
    };

    let indented: Vec<String> = offered("Rust", "test")
        .replace("\".\"", "root")
        .lines()
        .map(|it| format!("    {it}").trim_end().to_owned())
        .collect();
    let pasted = include_str!("generate/pasted.rs");
    assert!(pasted.contains(&indented.join("\n")), "not pasted:\n{}", indented.join("\n"));
    let tracking = offered("Rust", "track").replace('\n', "\n        ");
    assert!(pasted.contains(tracking.trim_end()), "not pasted:\n{tracking}");
    pasted::test(root.path()).unwrap();

    let file = |name: &str| root.path().join(name);
    check_syntax("ruby", &["-c"], &offered("Ruby", "track"), &file("track.rb"));
    check_syntax("ruby", &["-c"], &offered("Ruby", "test"), &file("test.rb"));
    check_syntax("node", &["--check"], &offered("JavaScript", "track"), &file("track.mjs"));
    check_syntax("node", &["--check"], &offered("JavaScript", "test"), &file("test.mjs"));
    let vue = offered("Vue", "track");
    let script = vue.split("<script>").nth(1).unwrap().split("</script>").next().unwrap();
    check_syntax("node", &["--check"], script, &file("vue.mjs"));
}

#[test]
fn the_milestone_comes_from_the_file_version() {
    let root = TempDir::new().unwrap();
    fs::write(root.path().join("VERSION"), "17.9.0-pre\n").unwrap();
    assert_eq!(code(&generate(root.path(), GUIDE)), 0);
    let event = fs::read_to_string(root.path().join(GUIDE_PATHS[0])).unwrap();
    assert!(event.contains("\nmilestone: '17.9'\n"), "{event}");
}

#[test]
fn a_failure_half_way_leaves_everything_as_it_was() {
    // A file where a folder is needed, for each folder on the way.
    for blocked in ["config", "config/events", "config/metrics", "config/metrics/counts_28d"] {
        let root = TempDir::new().unwrap();
        let path = root.path().join(blocked);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "in the way").unwrap();
        let before = tree(root.path());
        let output = generate(root.path(), GUIDE);
        assert_eq!(code(&output), 2, "{blocked}: {}", stderr(&output));
        assert_eq!(tree(root.path()), before, "{blocked}");
    }
    // A folder where a file is to be replaced: by then others have been.
    for blocked in GUIDE_PATHS {
        let root = TempDir::new().unwrap();
        assert_eq!(code(&generate(root.path(), GUIDE)), 0);
        fs::remove_file(root.path().join(blocked)).unwrap();
        fs::create_dir(root.path().join(blocked)).unwrap();
        let before = tree(root.path());
        let forced = [GUIDE, &["--force", "--description=Something else"]].concat();
        let output = generate(root.path(), &forced);
        assert_eq!(code(&output), 2, "{blocked}: {}", stderr(&output));
        assert_eq!(tree(root.path()), before, "{blocked}");
    }
}

#[test]
fn a_disk_that_takes_no_byte_leaves_everything_as_it_was() {
    let root = TempDir::new().unwrap();
    // With a file size limit of nothing each write to a file fails as on a full disk.
    let script = "trap '' XFSZ; ulimit -f 0; exec \"$@\"";
    let mut shell = in_shell(script, &program(root.path()));
    let output = shell.args(GUIDE).stdin(Stdio::null()).output().unwrap();
    assert_eq!(code(&output), 2, "{}", stderr(&output));
    assert!(stderr(&output).contains("File too large"), "{}", stderr(&output));
    assert_eq!(tree(root.path()), []);
}

#[test]
fn whenever_it_is_told_to_end_all_files_are_there_or_none() {
    const STEP: Duration = Duration::from_micros(400);
    let (mut n_complete, mut n_empty) = (0, 0);
    for round in 0..40 {
        let root = TempDir::new().unwrap();
        let mut command = program(root.path());
        command.args(GUIDE).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let start = Instant::now();
        while start.elapsed() < STEP * round {
            std::hint::spin_loop();
        }
        let kill = Command::new("kill").args(["-INT", &child.id().to_string()]).output();
        kill.unwrap();
        child.wait().unwrap();
        match files(root.path()).as_slice() {
            [] => {
                assert_eq!(tree(root.path()), [], "round {round}");
                n_empty += 1;
            }
            all => {
                assert_eq!(all, GUIDE_PATHS, "round {round}");
                n_complete += 1;
            }
        }
    }
    assert_eq!(n_complete + n_empty, 40);
}

/// What stands between two lines of the guide.
fn block<'t>(page: &'t str, start: &str) -> &'t str {
    page.split_once(start).unwrap().1.split_once("\n```").unwrap().0
}

#[test]
fn the_page_shows_what_happens() {
    let page = include_str!("../../../../docs/generate.md");
    let root = TempDir::new().unwrap();
    let script = block(page, "```shell\n").replacen("internal-events generate", "\"$@\"", 1);
    let mut shell = in_shell(&script, &program(root.path()));
    let output = shell.stdin(Stdio::null()).output().unwrap();
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    let mut written: Vec<&str> = block(page, "```text\n").lines().collect();
    written.sort_unstable();
    assert_eq!(files(root.path()), written);

    let shown: Value = serde_json::from_str(block(page, "```json\n")).unwrap();
    let output = generate(root.path(), &[GUIDE, &["--force", "--format=json"]].concat());
    let printed: Value = serde_json::from_slice(&output.stdout).unwrap();
    let keys = |it: &Value| it.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(keys(&printed), keys(&shown));
    for list in ["files", "inferred", "snippets"] {
        assert_eq!(keys(&printed[list][0]), keys(&shown[list][0]), "{list}");
    }

    let help = generate(root.path(), &["-h"]);
    let is_flag = |it: &&str| it.starts_with("--") && it.len() > 2;
    let flags = |text: &str| {
        let words = text.split(|it: char| !(it.is_ascii_alphanumeric() || it == '-'));
        words.filter(is_flag).map(str::to_owned).collect::<std::collections::BTreeSet<_>>()
    };
    let table: String = page.lines().filter(|it| it.starts_with("| `-")).collect();
    let global = ["--root", "--data", "--log-format", "--help", "--version"].map(str::to_owned);
    let of_help: Vec<String> =
        flags(stdout(&help)).into_iter().filter(|it| !global.contains(it)).collect();
    assert_eq!(flags(&table).into_iter().collect::<Vec<_>>(), of_help);
}
