//! `internal-events migrate`.

use crate::redis::Redis;
use crate::{Run, files, program, run, write};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::Permissions;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const SERVICE: &str = "\
class Service
  def execute
    Gitlab::UsageDataCounters::HLLRedisCounter.track_event(:place_order, values: current_user.id)
  end
end
";

const REFUSED: &str = "\
class Worker
  def perform(id)
    Gitlab::UsageDataCounters::HLLRedisCounter.track_event(:open_reminder, values: id)
  end
end
";

const METRIC: &str = "\
key_path: redis_hll_counters.place_order_weekly
description: Number of users who placed an order, of the last week
product_group: shop
value_type: number
status: active
milestone: '13.9'
introduced_by_url: https://example.com/changes/1
time_frame: 7d
data_source: redis_hll # for ever
data_category: optional
instrumentation_class: RedisHLLMetric
options:
  events:
    - place_order
tiers:
- free
";

const METRIC_PATH: &str = "config/metrics/counts_7d/place_order_weekly.yml";

fn migrate(root: &Path, more: &[&str]) -> Run {
    let mut args = vec!["migrate", "--root", root.to_str().expect("UTF-8")];
    args.extend(more);
    run(&args)
}

fn app() -> tempfile::TempDir {
    files(&[("app/service.rb", SERVICE), (METRIC_PATH, METRIC)])
}

/// All files below a directory with their bytes.
fn everything(root: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a directory") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let bytes = std::fs::read(&path).expect("a file");
                found.insert(path.strip_prefix(root).expect("below").to_owned(), bytes);
            }
        }
    }
    found
}

fn read(root: &Path, path: &str) -> String {
    std::fs::read_to_string(root.join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

#[test]
fn without_write_only_a_diff_is_shown() {
    let root = app();
    let before = everything(root.path());
    let run = migrate(root.path(), &[]);
    assert_eq!((run.code, run.err.as_str()), (Some(0), ""), "{}", run.out);
    for expected in [
        "--- a/app/service.rb\n+++ b/app/service.rb\n",
        "-    Gitlab::UsageDataCounters::HLLRedisCounter.track_event(:place_order, values: current_user.id)\n",
        "+    track_internal_event('place_order', user: current_user)\n",
        "--- /dev/null\n+++ b/config/events/place_order.yml\n",
        "-data_source: redis_hll # for ever\n+data_source: internal_events # for ever\n",
        "+place_order-user: place_order\n",
        "ruby-redis-hll             1        0        0\n",
        "metric-definition          1        0        0\n",
        "Dry run: nothing was written; `--write` does.\n",
    ] {
        assert!(run.out.contains(expected), "{expected:?} is not in:\n{}", run.out);
    }
    assert_eq!(everything(root.path()), before);
}

#[test]
fn the_diff_is_one_that_git_applies_whatever_ends_a_line() {
    for end in ["\n", "\r\n"] {
        let long = format!("# {}\n{SERVICE}", "x".repeat(2000));
        let root = files(&[("app/service.rb", &long.replace('\n', end))]);
        let args = ["migrate", "--root", root.path().to_str().expect("UTF-8")];
        let run = run(&args);
        let diff = run.out.split("\nkind ").next().unwrap_or_default();
        write(root.path(), "it.diff", &format!("{diff}\n"));
        let mut git = Command::new("git");
        git.arg("-C").arg(root.path()).args(["apply", "it.diff"]);
        let done = git.output().expect("git");
        assert!(done.status.success(), "{}\n{diff}", String::from_utf8_lossy(&done.stderr));
        let expected = "    track_internal_event('place_order', user: current_user)";
        let text = read(root.path(), "app/service.rb");
        assert!(text.contains(&format!("{expected}{end}")), "{text:?}");
    }
}

#[test]
fn what_is_written_is_complete_and_a_second_run_changes_nothing() {
    let root = app();
    let script = root.path().join("app/service.rb");
    std::fs::set_permissions(&script, Permissions::from_mode(0o750)).expect("rights");
    let run = migrate(root.path(), &["--write", "--allow-dirty"]);
    assert_eq!(run.code, Some(0), "{}{}", run.out, run.err);
    let rights = std::fs::metadata(&script).expect("a file").permissions();
    assert_eq!(rights.mode() & 0o777, 0o750);
    let expected = METRIC
        .replace("redis_hll #", "internal_events #")
        .replace("instrumentation_class: RedisHLLMetric\n", "")
        .replace(
            "options:\n  events:\n    - place_order\n",
            "events:\n  - name: place_order\n    unique: user.id\n",
        );
    assert_eq!(read(root.path(), METRIC_PATH), expected);
    let written = everything(root.path());
    let names: Vec<_> = written.keys().filter_map(|it| it.to_str()).collect();
    let expected = [
        "app/service.rb",
        "config/events/place_order.yml",
        METRIC_PATH,
        "lib/gitlab/usage_data_counters/hll_redis_key_overrides.yml",
    ];
    assert_eq!(names, expected);
    let again = migrate(root.path(), &["--write", "--allow-dirty", "--format", "json"]);
    let json: Value = serde_json::from_str(&again.out).expect("JSON");
    assert_eq!((again.code, &json["changes"]), (Some(0), &json!([])), "{}", again.out);
    assert_eq!(everything(root.path()), written);
    let check = crate::run(&["check", "--root", root.path().to_str().expect("UTF-8")]);
    assert_eq!(check.code, Some(0), "{}", check.out);
}

#[test]
fn refusals_say_where_why_and_what_to_do() {
    let root = app();
    write(root.path(), "app/worker.rb", REFUSED);
    write(root.path(), "app/broken.rb", "Gitlab::Tracking.event('a', 'b'\n");
    let human = migrate(root.path(), &[]);
    assert_eq!(human.code, Some(1));
    for expected in [
        "app/worker.rb:3:5: raw-id, ruby-redis-hll\n",
        "app/broken.rb:",
        "does-not-parse",
        "help: ",
    ] {
        assert!(human.out.contains(expected), "{expected:?} is not in:\n{}", human.out);
    }
    let run = migrate(root.path(), &["--format", "json"]);
    let json: Value = serde_json::from_str(&run.out).expect("JSON");
    assert_eq!((&json["version"], &json["files"]), (&json!(1), &json!(3)));
    let sites = json["sites"].as_array().expect("a list");
    let site = sites.iter().find(|it| it["path"] == "app/worker.rb").expect("a site");
    assert_eq!((&site["line"], &site["column"]), (&json!(3), &json!(5)));
    assert_eq!((&site["outcome"], &site["reason"]), (&json!("refused"), &json!("raw-id")));
    assert!(site["what"].is_string() && site["advice"].is_string());
    let site = sites.iter().find(|it| it["path"] == "app/service.rb").expect("a site");
    assert_eq!((&site["outcome"], &site["event"]), (&json!("rewritten"), &json!("place_order")));
    let sarif: Value =
        serde_json::from_str(&migrate(root.path(), &["--format", "sarif"]).out).expect("JSON");
    let results = sarif["runs"][0]["results"].as_array().expect("a list");
    assert_eq!(results.len(), sites.len());
    assert!(results.iter().any(|it| it["ruleId"] == "raw-id" && it["level"] == "warning"));
}

#[test]
fn files_that_do_not_parse_are_of_the_kinds_that_are_asked_for() {
    let root = files(&[("a.rb", "Gitlab::Tracking.event('a', 'b'\n")]);
    for (kind, code) in
        [("ruby-snowplow", 1), ("rspec", 1), ("data-attributes", 1), ("vue-mixin", 0), ("jest", 0)]
    {
        let run = migrate(root.path(), &["--only", kind]);
        assert_eq!(run.code, Some(code), "{kind}: {}", run.out);
        assert_eq!(
            run.out.contains(&format!("does-not-parse, {kind}\n")),
            code == 1,
            "{}",
            run.out
        );
    }
}

#[test]
fn a_call_stays_as_long_as_its_metric_does() {
    let root = app();
    write(root.path(), "app/worker.rb", REFUSED);
    let both = METRIC.replace("    - place_order\n", "    - place_order\n    - open_reminder\n");
    write(root.path(), METRIC_PATH, &both);
    let before = everything(root.path());
    let run = migrate(root.path(), &["--write", "--allow-dirty"]);
    assert_eq!(run.code, Some(1), "{}{}", run.out, run.err);
    let expected = "it counts `open_reminder`, whose call at app/worker.rb:3 stays as it is";
    assert!(run.out.contains(expected), "{}", run.out);
    assert_eq!(everything(root.path()), before, "{}", run.out);
}

#[test]
fn check_ends_with_1_as_long_as_there_is_legacy_tracking() {
    let root = app();
    let run = migrate(root.path(), &["--check"]);
    assert_eq!(run.code, Some(1));
    assert!(
        run.out.contains("app/service.rb:3:5: ruby-redis-hll, can be rewritten\n"),
        "{}",
        run.out
    );
    migrate(root.path(), &["--write", "--allow-dirty"]);
    let run = migrate(root.path(), &["--check"]);
    assert_eq!(run.code, Some(0), "{}", run.out);
}

#[test]
fn paths_patterns_and_ignored_files() {
    let root = app();
    write(root.path(), "app/ignored.rb", SERVICE);
    write(root.path(), "lib/other.rb", SERVICE);
    write(root.path(), ".gitignore", "ignored.rb\n");
    let json = |more: &[&str]| -> Vec<String> {
        let run = migrate(root.path(), &[more, &["--format", "json"]].concat());
        let json: Value = serde_json::from_str(&run.out).unwrap_or_else(|_| panic!("{}", run.err));
        let sites = json["sites"].as_array().expect("a list").iter();
        let is_metric = |it: &&Value| it["kind"] == "metric-definition";
        let paths = sites.filter(|it| !is_metric(it)).filter_map(|it| it["path"].as_str());
        paths.map(str::to_owned).collect()
    };
    let app = root.path().join("app");
    let app = app.to_str().expect("UTF-8");
    for (args, expected) in [
        (vec![], vec!["app/service.rb", "lib/other.rb"]),
        (vec![app], vec!["app/service.rb"]),
        (vec!["lib/other.rb"], vec!["lib/other.rb"]),
        (vec!["lib/**/*.rb"], vec!["lib/other.rb"]),
        (vec!["**/*.rb", "!app/**"], vec!["lib/other.rb"]),
        (vec!["!app/**"], vec!["lib/other.rb"]),
        (vec!["app", "lib", "!lib/o*"], vec!["app/service.rb"]),
        (vec!["--only", "vue-mixin"], vec![]),
    ] {
        assert_eq!(json(&args), expected, "{args:?}");
    }
}

#[test]
fn what_cannot_be_done_exits_2_and_changes_nothing() {
    let root = app();
    write(root.path(), "names", "place_order\n");
    let names = root.path().join("names");
    let names = names.to_str().expect("UTF-8");
    let before = everything(root.path());
    for (args, complaint) in [
        (vec!["--write"], "is not kept in git"),
        (vec!["--write", "--allow-dirty", "missing"], "there is no missing, neither here nor"),
        (vec!["--check", "app/**/*.vue"], "no file that is looked at matches `app/**/*.vue`"),
        (vec!["app/*.rb", "lib/*.rb"], "no file that is looked at matches `lib/*.rb`"),
        (vec!["app/[.rb"], "is no pattern"),
        (vec!["--write", "--allow-dirty", "--report", "/dev/null/a"], "cannot write /dev/null/a"),
        (vec!["--write", "--check"], "cannot be used with"),
        (vec!["--only", "nonsense"], "the kinds are ruby-snowplow"),
        (vec!["--rename", "a"], "has no `=`"),
        (vec!["--rename", "a=B-c"], "cannot be the new name"),
        (vec!["--renames", names], "has no new names"),
    ] {
        let run = migrate(root.path(), &args);
        assert_eq!(run.code, Some(2), "{args:?}: {}", run.out);
        assert!(run.err.contains(complaint), "{}", run.err);
        assert_eq!(everything(root.path()), before);
    }
}

#[test]
fn a_tree_with_changes_is_not_written_to() {
    let root = app();
    let git = |args: &[&str]| {
        let identity = ["-c", "user.name=a", "-c", "user.email=a@example.com"];
        let mut command = Command::new("git");
        command.arg("-C").arg(root.path()).args(identity).args(args);
        let done = command.stdout(Stdio::null()).stderr(Stdio::null()).status();
        assert!(done.is_ok_and(|it| it.success()), "git {args:?}");
    };
    git(&["init"]);
    let dirty = migrate(root.path(), &["--write"]);
    assert_eq!(dirty.code, Some(2), "{}", dirty.out);
    assert!(dirty.err.contains("has changes that are not committed"), "{}", dirty.err);
    git(&["add", "-A"]);
    git(&["commit", "-m", "before"]);
    let clean = migrate(root.path(), &["--write"]);
    assert_eq!(clean.code, Some(0), "{}", clean.err);
    assert!(read(root.path(), "app/service.rb").contains("track_internal_event"));
}

#[test]
fn events_get_new_names() {
    let root = app();
    write(root.path(), "names.yml", "place_order: create_order\n");
    let names = root.path().join("names.yml");
    let args = ["--write", "--allow-dirty", "--renames", names.to_str().expect("UTF-8")];
    let run = migrate(root.path(), &args);
    assert_eq!(run.code, Some(0), "{}{}", run.out, run.err);
    assert!(read(root.path(), "app/service.rb").contains("track_internal_event('create_order'"));
    assert!(read(root.path(), METRIC_PATH).contains("- name: create_order\n"));
    let table = read(root.path(), "lib/gitlab/usage_data_counters/hll_redis_key_overrides.yml");
    assert_eq!(table, "---\ncreate_order-user: place_order\n");
}

#[test]
fn files_that_are_not_utf8_are_refused_where_their_calls_are() {
    let call = "Gitlab::Tracking.event('a', 'click_it', user: u)\n";
    let metric = ("counts.yml", "");
    for (name, bytes, expected) in [
        ("a.rb", [b"# \xe9\n", call.as_bytes()].concat(), Some((2, 1))),
        ("a.rb", [b"x = '\xe9'; ", call.as_bytes()].concat(), Some((1, 10))),
        ("a.rb", [b"\xe9 = 1\n ", call.as_bytes()].concat(), Some((2, 2))),
        ("a.rb", b"# \xe9 no Tracking.event here\n".to_vec(), None),
        ("a.rb", b"# \xe9\nputs 'a'\n".to_vec(), None),
        (
            "a.js",
            b"import Tracking from '~/tracking'; // \xfc\nTracking.event('a', 'click_it');\n"
                .to_vec(),
            Some((2, 1)),
        ),
        ("a.haml", b"%p \xe9\n%a{ data: { track_action: 'click_it' } }\n".to_vec(), Some((2, 13))),
        ("a.html", b"\xe9\n<a data-track-action='click_it'>a</a>\n".to_vec(), Some((2, 4))),
        (
            "a.rb",
            ["\u{feff}", call].concat().encode_utf16().flat_map(u16::to_le_bytes).collect(),
            Some((1, 1)),
        ),
    ] {
        let root = files(&[metric]);
        std::fs::write(root.path().join(name), &bytes).expect("a file");
        let run = migrate(root.path(), &["--write", "--allow-dirty", "--format", "json"]);
        let json: Value = serde_json::from_str(&run.out).unwrap_or_else(|_| panic!("{}", run.err));
        let sites = json["sites"].as_array().expect("a list").iter();
        let places: Vec<_> = sites
            .map(|it| (it["reason"].clone(), it["line"].clone(), it["column"].clone()))
            .collect();
        let expected: Vec<_> = expected
            .iter()
            .map(|(line, column)| (json!("not-utf8"), json!(line), json!(column)))
            .collect();
        assert_eq!(places, expected, "{name}: {}", run.out);
        let code = i32::from(!expected.is_empty());
        assert_eq!(run.code, Some(code), "{name}: {}", run.out);
        assert_eq!(migrate(root.path(), &["--check"]).code, Some(code), "{name}");
        assert_eq!(std::fs::read(root.path().join(name)).expect("a file"), bytes, "{name}");
    }
}

#[test]
fn a_call_in_a_file_that_is_not_utf8_keeps_its_metric() {
    let root = app();
    let latin = [b"# \xe9\n", SERVICE.as_bytes()].concat();
    std::fs::write(root.path().join("app/latin.rb"), latin).expect("a file");
    let before = everything(root.path());
    let run = migrate(root.path(), &["--write", "--allow-dirty"]);
    assert_eq!(run.code, Some(1), "{}{}", run.out, run.err);
    for expected in [
        "app/latin.rb:4:5: not-utf8, ruby-redis-hll\n",
        "the file is not UTF-8: byte 0xE9 in line 1",
        "iconv -f ISO-8859-1 -t UTF-8",
        "it counts `place_order`, whose call at app/latin.rb:4 stays as it is",
    ] {
        assert!(run.out.contains(expected), "{expected:?} is not in:\n{}", run.out);
    }
    assert_eq!(everything(root.path()), before, "{}", run.out);
}

#[test]
fn files_that_are_too_large_are_refused_if_they_have_a_word_of_legacy_tracking() {
    let root = app();
    let large = |line: &str| line.repeat(5 * 1024 * 1024 / line.len());
    write(root.path(), "app/large.js", &format!("\n{}", large("  // Tracking.event\n")));
    write(root.path(), "app/other.js", &large("  // Track.event\n"));
    let run = migrate(root.path(), &[]);
    assert_eq!(run.code, Some(1), "{}{}", run.out, run.err);
    for expected in ["app/large.js:2:6: too-deep, js-tracking\n", "it is larger than 4 MiB"] {
        assert!(run.out.contains(expected), "{expected:?} is not in:\n{}", run.out);
    }
    assert!(!run.out.contains("app/other.js"), "{}", run.out);
}

#[test]
fn files_of_all_makes_are_rewritten_and_keep_their_marks_and_line_breaks() {
    let ruby = "Gitlab::Tracking.event('a', 'click_it', user: u,\n  label: 'x')\n";
    let script = "import Tracking from '~/tracking';\nTracking.event('a', 'click_it', {\n  label: 'x',\n});\n";
    let component = "<template>\n<a\n  data-track-action=\"click_it\"\n  data-track-label=\"x\">b</a>\n</template>\n";
    let page = "<a data-track-action='click_it'\n  data-track-label='x'>b</a>\n";
    let haml = "%a{ data: { track_action: 'click_it',\n  track_label: 'x' } } b\n";
    for (name, text) in [
        ("a.rb", ruby),
        ("a.js", script),
        ("a.ts", script),
        ("a.vue", component),
        ("a.html", page),
        ("a.html.erb", page),
        ("a.html.haml", haml),
    ] {
        for (mark, end) in [("", "\n"), ("\u{feff}", "\n"), ("", "\r\n"), ("\u{feff}", "\r\n")] {
            let root = files(&[(name, &format!("{mark}{}", text.replace('\n', end)))]);
            let run = migrate(root.path(), &["--write", "--allow-dirty"]);
            assert_eq!(run.code, Some(0), "{name}: {}{}", run.out, run.err);
            let after = read(root.path(), name);
            assert!(after.starts_with(mark), "{name}: {after:?}");
            assert!(!after.to_lowercase().contains("track-action"), "{name}: {after:?}");
            assert_eq!(after.matches('\n').count(), after.matches(end).count(), "{after:?}");
            assert_eq!(after.matches('\u{feff}').count(), mark.chars().count(), "{after:?}");
        }
    }
}

#[test]
fn what_is_no_file_is_passed_by() {
    let root = app();
    let at = |name: &str| root.path().join("app").join(name);
    for (to, name) in [("loop.rb", "loop.rb"), (".", "itself"), ("nowhere.rb", "dangling.rb")] {
        std::os::unix::fs::symlink(to, at(name)).expect("a link");
    }
    std::fs::create_dir(at("folder.rb")).expect("a directory");
    write(root.path(), "app/binary.rb", "\0\u{1}nothing of interest\0");
    let run = migrate(root.path(), &[]);
    assert_eq!((run.code, run.err.as_str()), (Some(0), ""), "{}", run.out);
    assert!(run.out.contains("\n2 files looked at, "), "{}", run.out);
}

#[test]
fn names_of_files_may_have_any_bytes() {
    let root = tempfile::tempdir().expect("a directory");
    let names: [&[u8]; 4] = [b"a b.rb", b"a\nb.rb", b"caf\xe9.rb", b"--write.rb"];
    let path = |it: &[u8]| root.path().join(OsStr::from_bytes(it));
    for name in names {
        std::fs::write(path(name), SERVICE).expect("a file");
    }
    let run = migrate(root.path(), &["--write", "--allow-dirty"]);
    assert_eq!(run.code, Some(0), "{}{}", run.out, run.err);
    for name in names {
        let text = std::fs::read_to_string(path(name)).expect("a file");
        assert!(text.contains("track_internal_event"), "{name:?}: {text}");
    }
}

#[test]
fn a_result_that_is_less_than_it_seems_says_so() {
    let nothing = files(&[("notes.txt", "Tracking.event")]);
    let run = migrate(nothing.path(), &[]);
    assert!(run.out.contains("note: there is no file of Ruby, "), "{}", run.out);
    assert!(run.out.contains("`--root` names another\n"), "{}", run.out);

    let root = app();
    write(root.path(), "config/events/broken.yml", "action: [\n");
    let run = migrate(root.path(), &[]);
    let expected = "note: definitions have errors (config/events/broken.yml:";
    assert!(run.out.contains(expected), "{}", run.out);
}

#[test]
fn a_run_that_cannot_write_everything_says_how_far_it_came() {
    let root = app();
    // No table can be made in a folder that is a link to nowhere.
    std::os::unix::fs::symlink("nowhere", root.path().join("tables")).expect("a link");
    write(root.path(), "internal-events.toml", "[legacy]\noverrides = \"tables\"\n");
    let report = root.path().join("report.md");
    let args = ["--write", "--allow-dirty", "--report", report.to_str().expect("UTF-8")];
    let run = migrate(root.path(), &args);
    assert_eq!(run.code, Some(2), "{}", run.out);
    for expected in [" files were written, others were not; run this again", "tables/hll_"] {
        assert!(run.err.contains(expected), "{expected:?} is not in:\n{}", run.err);
    }
    assert_eq!(read(root.path(), "report.md"), "", "nothing is said to have been done");
}

/// Writing is not left half-way by whoever presses Ctrl-C: then calls would miss their definitions.
#[test]
fn an_interruption_leaves_everything_written_or_nothing() {
    const N_FILES: usize = 150;
    let root = tempfile::tempdir().expect("a directory");
    for n in 0..N_FILES {
        let text = SERVICE.replace("place_order", &format!("place_order_{n}"));
        write(root.path(), &format!("app/service_{n}.rb"), &text);
    }
    let args = ["migrate", "--write", "--allow-dirty", "--root"];
    let mut command = program();
    let command = command.args(args).arg(root.path());
    let output = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = output.spawn().expect("the program starts");
    let events = root.path().join("config/events");
    while !events.exists() && child.try_wait().expect("a child").is_none() {
        std::thread::yield_now();
    }
    let told = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(told.is_ok_and(|it| it.success()), "kill");
    let ended = child.wait().expect("a child");
    assert_eq!(ended.code(), Some(0), "{ended}");
    let is_new = |n: &usize| {
        read(root.path(), &format!("app/service_{n}.rb")).contains("track_internal_event")
    };
    assert_eq!((0..N_FILES).filter(is_new).count(), N_FILES);
    let temporary = everything(root.path())
        .into_keys()
        .filter(|it| it.extension().is_some_and(|it| it == "tmp"));
    assert_eq!(temporary.count(), 0);
}

#[test]
fn the_report_is_for_the_merge_request() {
    let root = app();
    write(root.path(), "app/worker.rb", REFUSED);
    let path = root.path().join("report.md");
    migrate(root.path(), &["--report", path.to_str().expect("UTF-8")]);
    let report = read(root.path(), "report.md");
    for expected in [
        "| ruby-redis-hll | 1 | 1 | 0 |",
        "- `app/worker.rb:3:5` **raw-id** (ruby-redis-hll): ",
        "call `.id` upon it here.\n\n",
        "$ internal-events parity --before BEFORE redis_hll_counters.place_order_weekly\n",
    ] {
        assert!(report.contains(expected), "{expected:?} is not in:\n{report}");
    }
}

pub(crate) fn copy(from: &Path, to: &Path) {
    for (path, bytes) in everything(from) {
        let to = to.join(path);
        std::fs::create_dir_all(to.parent().expect("a directory")).expect("a directory");
        std::fs::write(to, bytes).expect("a file");
    }
}

fn on(root: &Path, redis: &Redis, args: &[&str]) -> Run {
    let output = program()
        .args(args)
        .arg("--root")
        .arg(root)
        .env("INTERNAL_EVENTS_REDIS_URL", &redis.url)
        .stdin(Stdio::null())
        .output()
        .expect("the program starts");
    Run {
        out: String::from_utf8(output.stdout).expect("UTF-8"),
        err: String::from_utf8(output.stderr).expect("UTF-8"),
        code: output.status.code(),
    }
}

/// The example is migrated, and its counters go on where they were.
#[test]
fn the_legacy_shop_is_migrated() {
    let shop = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/legacy-shop");
    let (before, after) =
        (tempfile::tempdir().expect("a directory"), tempfile::tempdir().expect("a directory"));
    copy(&shop, before.path());
    copy(&shop, after.path());
    let run = migrate(after.path(), &["--write", "--allow-dirty"]);
    // One call has only an id, and its metric stays with it.
    assert_eq!(run.code, Some(1), "{}{}", run.out, run.err);
    assert_eq!(run.out.matches("\n    help: ").count(), 2, "{}", run.out);
    let root = after.path().to_str().expect("UTF-8");
    let check = crate::run(&["check", "--root", root]);
    assert_eq!(check.code, Some(0), "{}", check.out);
    let written = everything(after.path());
    migrate(after.path(), &["--write", "--allow-dirty"]);
    assert_eq!(everything(after.path()), written, "a second run changes something");

    let before_root = before.path().to_str().expect("UTF-8");
    let parity = crate::run(&["parity", "--before", before_root, "--root", root]);
    assert_eq!(parity.code, Some(0), "{}{}", parity.out, parity.err);
    assert!(parity.out.contains("6 changed: 6 equal, 0 different"), "{}", parity.out);

    let Some(redis) = Redis::start() else { return };
    let track = |args: &[&str]| {
        let run = on(after.path(), &redis, &[&["track"], args].concat());
        assert_eq!(run.code, Some(0), "{}{}", run.out, run.err);
    };
    track(&["place_order", "--user", "5"]);
    track(&["place_order", "--user", "6"]);
    track(&["redeem_coupon", "--user", "6"]);
    track(&["order_create"]);
    // The definitions from before read what the new calls count.
    let values = |root: &Path| {
        let args = ["metrics", "--include-current-week", "--format", "json"];
        let run = on(root, &redis, &args);
        serde_json::from_str::<Value>(&run.out).unwrap_or_else(|_| panic!("{}", run.err))
    };
    let parity =
        on(after.path(), &redis, &["parity", "--before", before_root, "--include-current-week"]);
    assert_eq!(parity.code, Some(0), "{}{}", parity.out, parity.err);
    let (old, new) = (values(before.path()), values(after.path()));
    for (key_path, expected) in [
        ("redis_hll_counters.shop.place_order_weekly", 2),
        ("redis_hll_counters.shop.active_customers_monthly", 2),
        ("redis_hll_counters.shop.redeem_coupon_monthly", 1),
        ("counts.order_create", 1),
    ] {
        for metrics in [&old, &new] {
            let found = metrics["metrics"]
                .as_array()
                .and_then(|it| it.iter().find(|it| it["key_path"] == key_path));
            assert_eq!(
                found.map(|it| &it["value"]),
                Some(&json!(expected)),
                "{key_path}: {metrics}"
            );
        }
    }
}
