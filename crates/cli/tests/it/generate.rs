//! `internal-events generate`: without a terminal, and through one.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use rexpect::reader::Options;
use rexpect::session::{PtySession, spawn_with_options};
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};
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
    let mut command = Command::new(env!("CARGO_BIN_EXE_internal-events"));
    command.arg("generate").arg("--root").arg(root);
    command.env_remove("NO_COLOR").env("TERM", "xterm-256color");
    command
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
  help: unique values are kept per week: choose from 7d and 28d, or leave --unique out
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
    let skip = generate(root.path(), &[GUIDE, &["-s"]].concat());
    assert_eq!(code(&skip), 0, "{}", stderr(&skip));
    assert!(stdout(&skip).starts_with(&format!("create  {}\n", GUIDE_PATHS[1])));
    assert_eq!(stdout(&skip).matches("keep  ").count(), 2, "{}", stdout(&skip));
    assert_eq!(files(root.path()), GUIDE_PATHS);
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
    let program = program(root.path());
    let output = Command::new("sh")
        .args(["-c", script, "sh"])
        .arg(program.get_program())
        .args(program.get_args())
        .args(GUIDE)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert_eq!(code(&output), 2, "{}", stderr(&output));
    assert!(stderr(&output).contains("File too large"), "{}", stderr(&output));
    assert_eq!(tree(root.path()), []);
}

/// How long the program may take to say what is expected; it is never waited out.
const PATIENCE_MS: u64 = 20_000;

const ENTER: &str = "\r";
const BACKSPACE: &str = "\x7f";
const DOWN: &str = "\x1b[B";

/// A person at a terminal.
struct Person(PtySession);

impl Person {
    fn sits_down(root: &Path, args: &[&str]) -> Self {
        let program = program(root);
        // A terminal without a size has no room for a question.
        let script = "stty rows 50 cols 160; exec \"$@\"";
        let mut command = Command::new("sh");
        command.args(["-c", script, "sh"]).arg(program.get_program());
        command.args(program.get_args()).args(args).env("TERM", "xterm-256color");
        command.env_remove("NO_COLOR");
        let options = Options::new().timeout_ms(Some(PATIENCE_MS)).strip_ansi_escape_codes(true);
        Self(spawn_with_options(command, options).unwrap())
    }

    fn reads(&mut self, text: &str) -> String {
        self.0.exp_string(text).unwrap_or_else(|err| panic!("waiting for {text:?}: {err}"))
    }

    fn types(&mut self, text: &str) {
        self.0.send(text).unwrap();
        self.0.flush().unwrap();
    }

    /// Deletes what was typed last.
    fn takes_back(&mut self, text: &str) {
        self.types(&BACKSPACE.repeat(text.len()));
    }

    /// Waits for a question and answers it.
    fn answers(&mut self, question: &str, answer: &str) {
        self.reads(question);
        self.types(answer);
    }

    /// Reads the rest, and how the program ended.
    fn leaves(mut self) -> (String, i32) {
        let rest = self.0.exp_eof().unwrap();
        let status = format!("{:?}", self.0.process().wait().unwrap());
        // `Exited(Pid(7), 0)`: the crate does not export the type.
        let code = status.strip_prefix("Exited(").and_then(|it| it.strip_suffix(')'));
        let code = code.and_then(|it| it.rsplit(' ').next()).and_then(|it| it.parse().ok());
        (rest, code.unwrap_or_else(|| panic!("{status}")))
    }
}

#[test]
fn on_a_terminal_it_asks_previews_confirms_and_ends_with_code_to_paste() {
    let root = TempDir::new().unwrap();
    assert_eq!(code(&generate(root.path(), GUIDE)), 0);
    fs::write(root.path().join("VERSION"), "18.1.0").unwrap();
    let mut person = Person::sits_down(root.path(), &[]);
    person.answers("What is the event called?", "merge_button\r");
    person.answers("What does it mean", "A user: merged\r");
    // Unchoose the first, the project.
    person.answers("Which objects are known", &format!(" {ENTER}"));
    person.answers("Does it carry additional properties?", "y\r");
    person.answers("Which property?", &format!("{DOWN}{DOWN}{DOWN}{ENTER}"));
    person.answers("What is the property called?", "strategy\r");
    person.answers("What does `strategy` hold?", "How it was merged\r");
    person.answers("One more property?", ENTER);
    person.answers("What do the metrics count?", &format!("{DOWN}{DOWN}{ENTER}"));
    person.answers("Over which time frames?", ENTER);
    person.answers("Weekly count of unique values of strategy", "used in merges\r");
    person.answers("Which product group owns it?", ENTER);
    person.answers("Which merge request introduces it?", "https://gitlab.example/1\r");
    person.answers("In which milestone?", ENTER);
    person.answers("In which tiers is it available?", &format!("{DOWN}{ENTER}"));
    let preview = person.reads("Write these 3 files?");
    assert!(preview.contains("# ee/config/events/merge_button.yml"), "{preview}");
    assert!(!root.path().join("ee").exists());
    person.types(ENTER);
    let (rest, code) = person.leaves();
    assert_eq!(code, 0, "{rest}");
    for heading in ["Rust, to track", "Ruby, to test", "JavaScript, to test", "Vue, to", "HTML, to"]
    {
        assert!(rest.contains(heading), "{heading} in {rest}");
    }
    assert!(rest.contains(".property(\"strategy\", \"x\")"), "{rest}");
    assert_eq!(
        fs::read_to_string(root.path().join("ee/config/events/merge_button.yml")).unwrap(),
        "\
---
description: \"A user: merged\"
internal_events: true
status: active
action: merge_button
identifiers:
- user
- namespace
additional_properties:
  strategy:
    description: How it was merged
product_group: project_management
milestone: '18.1'
introduced_by_url: https://gitlab.example/1
tiers:
- premium
- ultimate
"
    );
    let metric = "ee/config/metrics/counts_28d/count_distinct_strategy_from_merge_button_28d.yml";
    assert!(root.path().join(metric).exists(), "{:?}", files(root.path()));
}

#[test]
fn a_bad_answer_is_explained_and_asked_again() {
    let root = TempDir::new().unwrap();
    let args = &GUIDE[..];
    let without_event_and_mr: Vec<&str> = args
        .iter()
        .copied()
        .filter(|it| !it.starts_with("--event") && !it.starts_with("--mr"))
        .collect();
    let mut person = Person::sits_down(root.path(), &without_event_and_mr);
    person.answers("What is the event called?", "Click Button\r");
    person.reads("`Click Button` is not a name for an event");
    person.takes_back("Click Button");
    person.types("click_button\r");
    person.answers("What does it mean", ENTER);
    person.reads("say in a sentence when it happens");
    person.types("A click\r");
    person.answers("Which objects are known", ENTER);
    person.answers("Does it carry additional properties?", ENTER);
    person.answers("Weekly count of unique users", ENTER);
    person.answers("Which merge request introduces it?", "!121544\r");
    person.reads("is not the URL of a merge request");
    person.takes_back("!121544");
    person.types("https://gitlab.example/1\r");
    person.answers("In which milestone?", "next\r");
    person.reads("`next` is not a milestone");
    person.takes_back("next");
    person.types("18.2\r");
    person.answers("In which tiers is it available?", ENTER);
    person.answers("Write these 3 files?", ENTER);
    let (rest, code) = person.leaves();
    assert_eq!(code, 0, "{rest}");
    let event = fs::read_to_string(root.path().join("config/events/click_button.yml")).unwrap();
    assert!(event.contains("\nmilestone: '18.2'\n"), "{event}");
}

#[test]
fn ctrl_c_and_no_leave_nothing_behind() {
    for question in ["What is the event called?", "In which milestone?", "Write these 3 files?"] {
        let root = TempDir::new().unwrap();
        let mut args: Vec<&str> = [
            GUIDE,
            &["--description=A", "--metric-description=B", "--identifiers=user", "--tiers=free"],
        ]
        .concat();
        match question {
            "What is the event called?" => args.retain(|it| !it.starts_with("--event")),
            _ => {}
        }
        let mut person = Person::sits_down(root.path(), &args);
        if !question.contains("event called") {
            person.answers("Does it carry additional properties?", ENTER);
        }
        if question.contains("Write") {
            person.answers("In which milestone?", ENTER);
        }
        person.answers(question, "\x03");
        let (rest, code) = person.leaves();
        assert!(rest.contains("Stopped: nothing was written."), "{rest}");
        assert_eq!(code, 130, "{question}");
        assert_eq!(tree(root.path()), [], "{question}");
    }
    let root = TempDir::new().unwrap();
    let mut person = Person::sits_down(
        root.path(),
        &[
            GUIDE,
            &[
                "--description=A",
                "--metric-description=B",
                "--identifiers=user",
                "--tiers=free",
                "--milestone=1.0",
            ],
        ]
        .concat(),
    );
    person.answers("Does it carry additional properties?", ENTER);
    person.answers("Write these 3 files?", "n\r");
    let (rest, code) = person.leaves();
    assert_eq!(code, 130, "{rest}");
    assert_eq!(tree(root.path()), []);
}

#[test]
fn flags_that_cannot_work_are_refused_before_the_first_question() {
    let root = TempDir::new().unwrap();
    let person = Person::sits_down(root.path(), &["--tiers=gold", "--milestone=next"]);
    let (output, code) = person.leaves();
    assert_eq!(code, 1, "{output}");
    assert!(output.contains("`gold` is not a tier"), "{output}");
    assert!(!output.contains("What is the event called?"), "{output}");
}

#[test]
fn yes_asks_nothing_on_a_terminal() {
    let root = TempDir::new().unwrap();
    let person = Person::sits_down(root.path(), &[GUIDE, &["--yes"]].concat());
    let (output, code) = person.leaves();
    assert_eq!(code, 0, "{output}");
    assert!(output.contains("create  config/events/ci_templates_unique.yml"), "{output}");
    assert_eq!(files(root.path()), GUIDE_PATHS);
}
