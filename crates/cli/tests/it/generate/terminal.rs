//! `internal-events generate` as a person at a terminal sees it.

use super::{GUIDE, GUIDE_PATHS, code, files, generate, in_shell, program, tree};
use rexpect::reader::Options;
use rexpect::session::{PtySession, spawn_with_options};
use std::fs;
use std::path::Path;
use tempfile::TempDir;

/// How long the program may take to say what is expected; it is never waited out.
const PATIENCE_MS: u64 = 20_000;

const ENTER: &str = "\r";
const BACKSPACE: &str = "\x7f";
const DOWN: &str = "\x1b[B";

/// A person at a terminal.
struct Person(PtySession);

impl Person {
    fn sits_down(root: &Path, args: &[&str]) -> Self {
        // A terminal without a size has no room for a question.
        let mut command = in_shell("stty rows 50 cols 160; exec \"$@\"", &program(root));
        command.args(args);
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
    let without_event_and_mr: Vec<&str> = GUIDE
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
        if question.contains("event called") {
            args.retain(|it| !it.starts_with("--event"));
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
fn groups_and_categories_come_from_the_lists_that_exist() {
    let groups = "{ \"enum\": [\"alpha\", \"beta\"] }";
    let root = crate::files(&[
        ("config/metrics/schema/product_groups.json", groups),
        ("config/feature_categories.yml", "- one\n- two\n"),
    ]);
    let given = ["--event=e", "--unique=user", "--description=A", "--metric-description=B"];
    let more = ["--identifiers=user", "--tiers=free", "--milestone=1.0", GUIDE[7]];
    let mut person = Person::sits_down(root.path(), &[given, more].concat());
    person.answers("Does it carry additional properties?", ENTER);
    // Both are chosen at first.
    person.answers("Over which time frames?", &format!(" {DOWN} {ENTER}"));
    person.reads("choose at least 1");
    person.types(&format!(" {ENTER}"));
    person.answers("Which product group owns it?", &format!("be{ENTER}"));
    person.answers("Which feature categories does it belong to?", ENTER);
    person.reads("choose at least 1");
    person.types(&format!("{DOWN} {ENTER}"));
    person.answers("Write these 2 files?", ENTER);
    let (rest, code) = person.leaves();
    assert_eq!(code, 0, "{rest}");
    let event = fs::read_to_string(root.path().join("config/events/e.yml")).unwrap();
    assert!(event.contains("\nproduct_group: beta\nproduct_categories:\n- two\n"), "{event}");
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

#[test]
fn colours_are_for_terminals_whose_user_does_not_mind() {
    let look = |env: &str| {
        let root = TempDir::new().unwrap();
        let script = format!("stty rows 50 cols 160; {env} exec \"$@\"");
        let mut command = in_shell(&script, &program(root.path()));
        command.args(GUIDE).arg("--yes");
        let options = Options::new().timeout_ms(Some(PATIENCE_MS));
        let (output, code) = Person(spawn_with_options(command, options).unwrap()).leaves();
        assert_eq!(code, 0, "{output}");
        output.contains('\u{1b}')
    };
    assert!(look(""));
    assert!(!look("NO_COLOR=1"));
    assert!(!look("TERM=dumb"));
}

#[test]
fn an_existing_event_is_not_asked_about_again() {
    let root = TempDir::new().unwrap();
    assert_eq!(code(&generate(root.path(), GUIDE)), 0);
    let mut person = Person::sits_down(root.path(), &["--event=ci_templates_unique"]);
    // Of the distinct users' metrics both exist, so count something else: projects.
    let before = person.reads("What do the metrics count?");
    assert!(!before.contains("What does it mean"), "{before}");
    person.types(&format!("{DOWN}{ENTER}"));
    person.answers("Over which time frames?", ENTER);
    person.answers("Weekly count of unique projects", ENTER);
    person.answers("Which product group owns it?", "project\r");
    person.answers("Which merge request introduces it?", "https://gitlab.example/1\r");
    person.answers("In which milestone?", ENTER);
    person.answers("In which tiers is it available?", ENTER);
    let preview = person.reads("Write these 2 files?");
    assert!(preview.contains("keep    config/events/ci_templates_unique.yml"), "{preview}");
    person.types(ENTER);
    let (rest, code) = person.leaves();
    assert_eq!(code, 0, "{rest}");
    assert_eq!(files(root.path()).len(), 5);
}
