//! A data directory that is damaged, gone, somebody else's or newer: each command says what is
//! wrong and what to do, and changes nothing.

use crate::operations::{run_at, shop_with_events};
use crate::serve::server::{Server, TRACK, order};
use crate::{Run, program};
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::Stdio;

const DATABASE: &str = "internal-events.db";
const PAGE: usize = 4096;

/// Commands that need the data and change nothing.
const READERS: [&[&str]; 6] = [
    &["metrics", "--format", "json"],
    &["journal", "list"],
    &["journal", "show", "1"],
    &["journal", "export"],
    &["quarantine", "list"],
    &["backup", "copy-of-damage"],
];

/// Commands that write.
const WRITERS: [&[&str]; 3] = [
    &["track", "create_order"],
    &["quarantine", "replay", "--all"],
    &["quarantine", "drop", "--all", "--yes"],
];

/// A shop with data, which each case damages anew.
struct Shop {
    root: tempfile::TempDir,
    data: PathBuf,
    /// Name and bytes of each file of the data directory.
    good: Vec<(String, Vec<u8>)>,
}

impl Shop {
    fn new() -> Self {
        let root = shop_with_events();
        let data = root.path().join(".internal-events");
        let good = files(&data);
        Self { root, data, good }
    }

    fn database(&self) -> &[u8] {
        let found = self.good.iter().find(|(name, _)| name == DATABASE);
        &found.expect("there is a database").1
    }

    /// Runs a command on freshly damaged data, and says how, and whether it changed the data.
    fn run(&self, damage: &dyn Fn(&Path), args: &[&str]) -> (Run, bool) {
        let _ = fs::remove_dir_all(&self.data);
        fs::create_dir(&self.data).expect("a directory");
        for (name, bytes) in &self.good {
            fs::write(self.data.join(name), bytes).expect("a file");
        }
        damage(&self.data);
        let before = files(&self.data);
        let _ = fs::remove_dir_all(self.copy());
        let copy = self.copy();
        let args: Vec<&str> = args
            .iter()
            .map(|it| if *it == "copy-of-damage" { copy.to_str().expect("UTF-8") } else { it })
            .collect();
        let run = match args.as_slice() {
            ["serve"] => self.serve(),
            args => run_at(self.root.path(), args),
        };
        // The index of the log is made anew by whoever opens it, and the lock files are empty.
        let is_kept = |(name, bytes): &(String, Vec<u8>)| {
            bytes.is_empty()
                || name.ends_with("-shm")
                || fs::read(self.data.join(name)).is_ok_and(|it| it == *bytes)
        };
        let is_changed = !before.iter().all(is_kept);
        (run, is_changed)
    }

    fn copy(&self) -> PathBuf {
        self.root.path().join("copy")
    }

    /// Starts a server that is to end by itself; it is ended if it serves.
    fn serve(&self) -> Run {
        let mut command = program();
        command.arg("--root").arg(self.root.path()).args(["serve", "--listen", "127.0.0.1:0"]);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the server starts");
        let mut out = String::new();
        let piped = child.stdout.take().expect("it is piped");
        BufReader::new(piped).read_line(&mut out).expect("it prints UTF-8");
        if !out.is_empty() {
            child.kill().expect("it runs");
        }
        let mut err = String::new();
        let mut piped = child.stderr.take().expect("it is piped");
        piped.read_to_string(&mut err).expect("it prints UTF-8");
        let code = child.wait().expect("it ends").code();
        Run { out, err, code }
    }
}

fn files(data: &Path) -> Vec<(String, Vec<u8>)> {
    let files = fs::read_dir(data).expect("a directory").map(|it| it.expect("a file"));
    let file = |it: fs::DirEntry| {
        let name = it.file_name().into_string().expect("UTF-8");
        (name, fs::read(it.path()).expect("it is read"))
    };
    files.map(file).collect()
}

/// Every command says `what` is wrong and what to do, exits with 2, and changes nothing.
#[track_caller]
fn check(shop: &Shop, case: &str, damage: &dyn Fn(&Path), what: &str, help: &str) {
    let serve: &[&str] = &["serve"];
    let verify: &[&str] = &["journal", "verify"];
    for args in READERS.iter().chain(&WRITERS).chain([&serve, &verify]) {
        let (run, is_changed) = shop.run(damage, args);
        let (out, err) = (&run.out, &run.err);
        assert_eq!((run.code, out.as_str()), (Some(2), ""), "{case}: {args:?}: {err}");
        assert!(err.starts_with("error: "), "{case}: {args:?}: {err}");
        assert!(err.contains(what), "{case}: {args:?}: {err}");
        let advice = err.split_once("\n  help: ").map(|(_, advice)| advice);
        assert!(advice.is_some_and(|it| it.contains(help)), "{case}: {args:?}: {err}");
        assert!(!is_changed, "{case}: {args:?} changed the data");
        assert!(!shop.copy().join(DATABASE).exists(), "{case}: {args:?}");
    }
    let (doctor, is_changed) = shop.run(damage, &["doctor"]);
    assert_eq!(doctor.code, Some(1), "{case}: {}", doctor.out);
    assert!(doctor.out.contains(what) && doctor.out.contains(help), "{case}: {}", doctor.out);
    assert!(!is_changed, "{case}: the doctor changed the data");
    // What is about definitions alone goes on.
    let (explain, _) = shop.run(damage, &["explain", "create_order"]);
    assert_eq!(explain.code, Some(0), "{case}: {}", explain.err);
}

const RESTORE: &str = "put the last backup in its place";

#[test]
fn a_truncated_database_is_said_to_be_damaged() {
    let shop = Shop::new();
    let len = shop.database().len();
    for (to, what) in [
        (1, "is missing or empty"),
        (2, "not a store of internal events"),
        (PAGE - 1, "malformed"),
        (PAGE, "malformed"),
        (len / 2, "malformed"),
        (len - PAGE, "malformed"),
    ] {
        let damage = |data: &Path| {
            fs::write(data.join(DATABASE), &shop.database()[..to]).expect("a file");
        };
        check(&shop, &format!("{to} bytes"), &damage, what, RESTORE);
    }
}

#[test]
fn a_database_that_is_gone_is_said_to_be_gone() {
    let shop = Shop::new();
    let empty = |data: &Path| fs::write(data.join(DATABASE), "").expect("a file");
    let gone = |data: &Path| fs::remove_file(data.join(DATABASE)).expect("a file");
    let only_log = |data: &Path| {
        fs::remove_dir_all(data).expect("a directory");
        crate::write(data, &format!("{DATABASE}-wal"), "what was written last");
    };
    for (case, damage) in
        [("empty", &empty as &dyn Fn(&Path)), ("gone", &gone), ("a log alone", &only_log)]
    {
        check(&shop, case, damage, "is missing or empty", RESTORE);
        check(&shop, case, damage, "it was in use", "To begin anew, delete the whole directory");
    }
}

#[test]
fn a_database_of_another_program_is_left_alone() {
    let shop = Shop::new();
    let text = |data: &Path| {
        let text = "no database, but long enough to have a header\n".repeat(200);
        fs::write(data.join(DATABASE), text).expect("a file");
    };
    // Where SQLite keeps the number of the program that made the file.
    let other = |data: &Path| {
        let mut bytes = shop.database().to_owned();
        bytes[68..72].fill(7);
        fs::write(data.join(DATABASE), bytes).expect("a file");
    };
    for (case, damage) in [("text", &text as &dyn Fn(&Path)), ("another number", &other)] {
        check(&shop, case, damage, "is not a store of internal events", "--data names another");
    }
}

#[test]
fn a_newer_format_is_left_to_a_newer_program() {
    let shop = Shop::new();
    let newer = |data: &Path| {
        let mut bytes = shop.database().to_owned();
        // Name and value stand beside each other in the table `meta`.
        let places = bytes.windows(7).enumerate();
        let formats = places.filter(|(_, it)| it.starts_with(b"format") && it[6].is_ascii_digit());
        let format = formats.map(|(at, _)| at).next().expect("it is there");
        bytes[format + 6] = b'9';
        fs::write(data.join(DATABASE), bytes).expect("a file");
    };
    check(
        &shop,
        "newer",
        &newer,
        "has format 9, which internal-events 0.1.0 or later",
        "a program",
    );
}

#[test]
fn what_a_flipped_bit_stops_is_found_by_verifying_and_looking_changes_nothing() {
    let shop = Shop::new();
    let mut n_found = 0;
    // In the header of the file; and what kind of page each is, and its first value, which stands
    // at its end.
    let pages = (PAGE..shop.database().len()).step_by(PAGE);
    let places = pages.flat_map(|page| [page, page + PAGE - 9]);
    for place in (0..112).step_by(14).chain(places) {
        let damage = |data: &Path| {
            let mut bytes = shop.database().to_owned();
            bytes[place] ^= 1 << (place % 8);
            fs::write(data.join(DATABASE), bytes).expect("a file");
        };
        let (verified, is_changed) = shop.run(&damage, &["journal", "verify"]);
        assert!(!is_changed, "byte {place}: verifying changes nothing");
        assert!(matches!(verified.code, Some(0..=2)), "byte {place}: {}", verified.err);
        let is_found = verified.code != Some(0);
        n_found += u32::from(is_found);
        for args in READERS.iter().chain(&WRITERS) {
            let (run, is_changed) = shop.run(&damage, args);
            let err = &run.err;
            assert!(!err.contains("panicked"), "byte {place}: {args:?}: {err}");
            if run.code == Some(2) {
                assert!(is_found, "byte {place}: {args:?} fails, and verifying finds nothing");
                assert!(err.contains("\n  help: "), "byte {place}: {args:?}: {err}");
            }
            // One that writes and fails may have written what is whole, such as the ledger.
            let is_reader = READERS.contains(args);
            assert!(!(is_reader && is_changed), "byte {place}: {args:?} changed the data");
        }
    }
    assert!(n_found > 10, "most of these bits matter: {n_found}");
}

#[test]
fn a_log_that_is_damaged_before_its_end_is_not_used_until_a_person_says_so() {
    let mut shop = Shop::new();
    let mut server = Server::start(shop.root.path());
    for n in 0..20 {
        let answer = server.connect().post(TRACK, &order("u1", &format!("{n}")));
        assert_eq!(answer.expect("an answer").status, 200);
    }
    server.kill();
    shop.good = files(&shop.data);
    // As after the end of the machine, too.
    shop.good.retain(|(name, _)| !name.ends_with("-shm"));
    let log = format!("{DATABASE}-wal");
    let damage = |data: &Path| {
        let mut bytes = fs::read(data.join(&log)).expect("a log");
        let place = bytes.len() / 2;
        bytes[place] ^= 1;
        fs::write(data.join(&log), bytes).expect("a file");
    };
    let what = "whole groups of accepted events are behind that";
    check(&shop, "a log", &damage, what, "journal repair --write");
    let (run, is_changed) = shop.run(&damage, &["journal", "repair"]);
    assert_eq!((run.code, is_changed), (Some(2), false), "{}", run.err);
    let (run, _) = shop.run(&damage, &["journal", "repair", "--write", "--format", "json"]);
    assert_eq!(run.code, Some(0), "{}", run.err);
    let report: serde_json::Value = serde_json::from_str(&run.out).expect("JSON");
    let kept = report["log_kept_as"].as_str().expect("a name");
    assert!(Path::new(kept).exists(), "{kept}");
    assert!(run.err.contains("what was accepted after that is lost"), "{}", run.err);
    let verified = run_at(shop.root.path(), &["journal", "verify"]);
    assert_eq!(verified.code, Some(0), "{} {}", verified.out, verified.err);
}
