//! Switched off means off: no file is made and nothing is sent, as the kernel sees it.

use crate::serve::second_collector::SecondCollector;
use crate::{program, run_with, shop, write};
use std::path::Path;
use std::process::{Command, Stdio};

/// Runs `track` under `strace`; returns the calls that make files, open connections or ask for the
/// address of a name.
fn calls(root: &Path, env: &[(&str, &str)]) -> Vec<String> {
    let file = root.join("trace");
    let plain = program();
    let mut traced = Command::new("strace");
    traced.args(["-f", "-qq", "-e", "trace=%network,openat,open,creat,mkdir,mkdirat,link", "-o"]);
    traced.arg(&file).arg(plain.get_program()).arg("--root").arg(root);
    traced.args(["track", "create_order", "--user", "5"]);
    for (name, value) in plain.get_envs() {
        match value {
            Some(value) => traced.env(name, value),
            None => traced.env_remove(name),
        };
    }
    traced.envs(env.iter().copied()).stdout(Stdio::null()).stderr(Stdio::null());
    traced.status().expect("strace starts");
    let trace = std::fs::read_to_string(&file).expect("strace has written");
    std::fs::remove_file(file).expect("it is there");
    assert!(trace.contains("create_order.yml"), "the definitions were read: {trace}");
    let is_bad = |line: &&str| {
        let makes = ["O_CREAT", "creat(", "mkdir"].iter().any(|it| line.contains(it));
        let asks = ["resolv.conf", "/etc/hosts"].iter().any(|it| line.contains(it));
        makes || asks || is_network(line)
    };
    trace.lines().filter(is_bad).map(str::to_owned).collect()
}

fn is_network(line: &str) -> bool {
    ["socket(", "connect(", "sendto(", "sendmsg(", "sendmmsg("].iter().any(|it| line.contains(it))
}

/// Whether system calls can be looked at; says so if not.
#[expect(clippy::print_stderr, reason = "a test that is skipped says why")]
fn has_strace() -> bool {
    let mut strace = Command::new("strace");
    strace.args(["-o", "/dev/null", "true"]).stderr(Stdio::null());
    if strace.status().is_ok_and(|it| it.success()) {
        return true;
    }
    let is_ci = std::env::var_os("CI").is_some_and(|it| it == "true");
    assert!(!is_ci, "CI has to have strace");
    eprintln!("SKIPPED: there is no strace, so nobody looks at system calls");
    false
}

#[test]
fn what_is_switched_off_makes_no_file_and_no_connection() {
    if !has_strace() {
        return;
    }
    let collector = SecondCollector::start();
    let url = format!("[snowplow]\ncollector = '{}'\n", collector.url());
    for settings in ["", url.as_str(), "[product_usage]\nenabled = true\n"] {
        let root = shop();
        write(root.path(), "internal-events.toml", settings);
        let off = [("INTERNAL_EVENTS_ENABLED", "false")];
        assert_eq!(calls(root.path(), &off), Vec::<String>::new(), "{settings}");
        assert!(!root.path().join(".internal-events").exists(), "{settings}");
    }
    assert_eq!(collector.all(), []);
}

#[test]
fn without_a_collector_nobody_is_spoken_to() {
    if !has_strace() {
        return;
    }
    let closed = "http://127.0.0.1:1";
    let usage = format!("[product_usage]\ncollector = '{closed}'\nenabled = ");
    let (usage_off, usage_on) = (format!("{usage}false\n"), format!("{usage}true\n"));
    let no = [("GITLAB_PRODUCT_USAGE_DATA_ENABLED", "false")];
    let to_closed = [("INTERNAL_EVENTS_SNOWPLOW_COLLECTOR", closed)];
    let to_name = [("INTERNAL_EVENTS_SNOWPLOW_COLLECTOR", "http://collector.invalid")];
    for (settings, env, is_spoken_to) in [
        ("", &[][..], false),
        ("[snowplow]\nforward = true\napp_id = 'shop'\n", &[], false),
        (&usage_off, &[], false),
        (&usage_on, &no, false),
        // Where somebody is spoken to it shows, so that the look can fail.
        (&usage_on, &[], true),
        ("", &to_closed, true),
        ("", &to_name, true),
    ] {
        let root = shop();
        write(root.path(), "internal-events.toml", settings);
        let calls = calls(root.path(), env);
        let data = root.path().join(".internal-events");
        assert!(data.join("internal-events.db").exists(), "it is tracked: {calls:?}");
        assert!(calls.iter().any(|it| it.contains("internal-events.db")), "{calls:?}");
        let is_outside = |it: &&String| is_network(it) || it.contains("/etc/");
        let outside: Vec<_> = calls.iter().filter(is_outside).collect();
        assert_eq!(!outside.is_empty(), is_spoken_to, "{settings}{env:?}: {outside:?}");
        assert_eq!(data.join("salt").exists(), is_spoken_to, "{settings}{env:?}");
        let is_asked = outside.iter().any(|it| it.contains("/etc/"));
        assert_eq!(is_asked, env == to_name, "{settings}{env:?}: {outside:?}");
        let has_log = data.join("product_usage_data.log").exists();
        assert_eq!(has_log, settings == usage_on && env.is_empty(), "{settings}{env:?}");
    }
}

#[test]
fn what_contradicts_itself_does_not_start() {
    let both = "[snowplow]\ncollector = 'http://127.0.0.1:1'\n[product_usage]\nenabled = true\n";
    let shared = "[redis]\nurl = 'redis://127.0.0.1:1'\n[snowplow]\ncollector = 'sp.example.com'\n";
    for (settings, complaint) in [
        (both, "switch one of them off"),
        (shared, "give all of them the same `[identity] salt`"),
        ("[snowplow]\ncollector = 'ftp://a'\n", "it is written https://snowplow.example.com"),
        ("[snowplow]\ncollector = 'sp.example.com'\nca = 'none.pem'\n", "`[snowplow] ca` names"),
    ] {
        let root = shop();
        write(root.path(), "internal-events.toml", settings);
        let root_text = root.path().to_str().expect("UTF-8");
        for command in [&["track", "create_order"][..], &["serve", "--listen", "127.0.0.1:0"]] {
            let run = run_with(&[&["--root", root_text], command].concat(), &[]);
            assert_ne!(run.code, Some(0), "{settings}");
            assert!(run.err.contains(complaint), "{settings}: {}", run.err);
            assert!(run.out.is_empty(), "{settings}: {}", run.out);
        }
        let has_journal = root.path().join(".internal-events/internal-events.db").exists();
        assert!(!has_journal, "{settings}: nothing was begun");
    }
}

/// Many processes start at the same time in a data directory that is not there yet.
#[test]
fn the_salt_is_made_once_by_many_processes_and_is_nobody_elses() {
    use std::os::unix::fs::PermissionsExt as _;
    const N: usize = 8;
    let (root, collector) = (shop(), SecondCollector::start());
    let start = |_| {
        let mut command = program();
        command.env("INTERNAL_EVENTS_SNOWPLOW_COLLECTOR", collector.url());
        command.arg("--root").arg(root.path()).args(["track", "create_order", "--user", "5"]);
        command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("it starts")
    };
    let children: Vec<_> = (0..N).map(start).collect();
    for child in children {
        let output = child.wait_with_output().expect("it ends");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    let salt = root.path().join(".internal-events/salt");
    let mode = std::fs::metadata(&salt).expect("it is there").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let of = |it: &std::path::PathBuf| {
        it.file_name().is_some_and(|it| it.to_string_lossy().starts_with("salt"))
    };
    let files = std::fs::read_dir(root.path().join(".internal-events")).expect("it is readable");
    let salts = files.map(|it| it.expect("it is readable").path()).filter(of);
    assert_eq!(salts.collect::<Vec<_>>(), std::slice::from_ref(&salt));
    let text = std::fs::read_to_string(&salt).expect("it is readable");
    let pseudonym = internal_events::snowplow::Salt::new(text.trim()).hash("5");
    let events = collector.events(N);
    let is_of_user = |it: &serde_json::Map<String, serde_json::Value>| {
        decoded(it["cx"].as_str().expect("a text")).contains(&pseudonym)
    };
    assert_eq!(events.len(), N);
    assert!(events.iter().all(is_of_user), "all with that salt");
}

/// Reads padded base64, with the program that every system has.
fn decoded(base64: &str) -> String {
    let mut command = Command::new("python3");
    command.args([
        "-c",
        "import base64, sys; print(base64.b64decode(sys.argv[1]).decode())",
        base64,
    ]);
    String::from_utf8(command.output().expect("python3 starts").stdout).expect("UTF-8")
}
