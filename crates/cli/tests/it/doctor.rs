//! `doctor`: what it finds wrong in settings, disk, data and a running server, and what it advises.

use crate::operations::{parsed, run_at, shop_with_events};
use crate::serve::server::{Server, TRACK, order};
use crate::serve::stopped::{go_on, stop};
use crate::{program, shop, write};
use std::fs;
use std::hash::{BuildHasher as _, RandomState};
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Stdio;

/// The findings of a kind: level and what was said. Whatever is no `ok` has an advice.
fn diagnosed_with(root: &Path, args: &[&str], code: &str) -> (Option<i32>, Vec<String>) {
    let run = run_at(root, &[&["doctor", "--format", "json"], args].concat());
    let all = parsed(&run);
    let findings = all["findings"].as_array().expect("a list").iter();
    for it in findings.clone() {
        assert_eq!(it["advice"].is_string(), it["level"] != "ok", "{it}");
    }
    let of_kind = findings.filter(|it| it["code"] == code);
    let text = of_kind.map(|it| format!("{}: {}", it["level"].as_str().expect("text"), it["what"]));
    (run.code, text.collect())
}

fn diagnosed(root: &Path, code: &str) -> (Option<i32>, Vec<String>) {
    diagnosed_with(root, &[], code)
}

#[test]
fn the_doctor_says_what_is_wrong_and_changes_nothing() {
    let root = shop();
    assert_eq!(diagnosed(root.path(), "definitions").0, Some(0));
    assert!(!root.path().join(".internal-events").exists(), "a look makes no directory");

    let root = shop_with_events();
    let data = root.path().join(".internal-events");
    let before = fs::read(data.join("internal-events.db")).expect("the database");
    let (code, quarantine) = diagnosed(root.path(), "quarantine");
    assert_eq!((code, quarantine.len()), (Some(0), 1), "what is kept aside is a note");
    assert!(diagnosed(root.path(), "journal").1[0].contains("2 entries"));
    let after = fs::read(data.join("internal-events.db")).expect("the database");
    assert!(before == after, "a look changes nothing");

    write(root.path(), "config/events/broken.yml", "action: [\n");
    let (code, definitions) = diagnosed(root.path(), "definitions");
    assert_eq!(code, Some(1));
    assert!(definitions[0].starts_with("error"), "{definitions:?}");
    fs::remove_file(root.path().join("config/events/broken.yml")).expect("a file");

    fs::write(data.join("internal-events.db"), "hello, world").expect("a file");
    let (code, found) = diagnosed(root.path(), "data");
    assert_eq!(code, Some(1));
    assert!(found[0].starts_with("error"), "{found:?}");
}

/// The doctor ends with `exit`, and says `what` under `code` at a level.
#[track_caller]
fn check(root: &Path, args: &[&str], exit: i32, (level, code, what): (&str, &str, &str)) {
    let (found, said) = diagnosed_with(root, args, code);
    let is_said = said.iter().any(|it| it.starts_with(level) && it.contains(what));
    assert!(is_said, "{args:?}: {level} {code} {what}: {said:?}");
    assert_eq!(found, Some(exit), "{args:?}: {said:?}");
}

const HASH: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

#[test]
fn settings_that_contradict_each_other_are_found() {
    let root = shop();
    let token = format!("[[collector.tokens]]\nname = \"web\"\nsha256 = \"{HASH}\"\n");
    let scopes = "scopes = [\"track\"]\n";
    let token_of = |head: &str| format!("[collector]\n{head}{token}{scopes}");
    let far = ["--listen", "0.0.0.0:8080"];
    let here: [&str; 0] = [];
    for (settings, args, exit, finding) in [
        ("", &here[..], 0, ("ok", "listen", "127.0.0.1:8080")),
        ("", &far, 1, ("error", "listen", "can be reached from other machines")),
        ("", &["--listen", "nowhere"], 1, ("error", "listen", "no address")),
        ("", &here, 0, ("ok", "settings", "every setting has its default")),
        ("strict = true", &here, 0, ("ok", "settings", "`strict` from internal-events.toml")),
        ("[collector]\napp_ids = [\"a\"]", &far, 0, ("note", "tokens", "lets none of them in")),
        ("[collector]\napp_ids = [\"*\"]", &far, 1, ("warning", "app_ids", "any app id")),
        ("[collector]\napp_ids = []", &here, 1, ("warning", "app_ids", "lists no application")),
        (&token_of("app_ids = [\"a\"]\n"), &far, 1, ("warning", "tls", "plain text")),
        (
            &token_of("app_ids = [\"a\"]\ntrusted_proxies = [\"10.0.0.1\"]\n"),
            &far,
            0,
            ("ok", "listen", "0.0.0.0:8080"),
        ),
        (&token_of(""), &here, 0, ("ok", "listen", "127.0.0.1")),
        (&token, &here, 2, ("", "", "")),
        (&format!("{token}scopes = []"), &here, 1, ("error", "collector", "has no scopes")),
        (&format!("{token}scopes = [\"all\"]"), &here, 1, ("error", "collector", "unknown scope")),
        ("[collector]\norigins = [\"x\"]", &here, 1, ("error", "collector", "is no origin")),
        ("[collector]\npaths = [\"x\"]", &here, 1, ("error", "collector", "is no path")),
        (
            "[collector]\ntrusted_proxies = [\"0.0.0.0/0\"]",
            &here,
            1,
            ("warning", "trusted_proxies", "all addresses"),
        ),
        (
            "[collector]\ntrusted_proxies = [\"10.0.0.0/8\"]",
            &here,
            0,
            ("note", "tokens", "no tokens"),
        ),
        (
            "[collector.tls]\ncertificate = \"c.pem\"\nkey = \"k.pem\"",
            &here,
            1,
            ("error", "tls", "cannot read"),
        ),
        (
            "[journal]\nreserve = \"1000000GiB\"",
            &here,
            1,
            ("error", "free_space", "less than the reserve"),
        ),
        ("enabled = false", &here, 0, ("note", "enabled", "switched off by `enabled`")),
    ] {
        write(root.path(), "internal-events.toml", settings);
        if exit == 2 {
            let run = run_at(root.path(), &["doctor"]);
            assert_eq!(run.code, Some(2), "{settings}: {}", run.out);
            assert!(run.err.contains("internal-events.toml is not a valid"), "{}", run.err);
        } else {
            check(root.path(), args, exit, finding);
        }
    }
}

#[test]
fn variables_that_hide_settings_or_mean_nothing_are_found() {
    let root = shop();
    write(root.path(), "internal-events.toml", "[collector]\napp_ids = [\"a\"]\n");
    let mut command = program();
    command.args(["doctor", "--root"]).arg(root.path());
    command.env("INTERNAL_EVENTS_COLLECTOR_APP_IDS", "b").env("INTERNAL_EVENTS_ENABLE", "false");
    command.env("INTERNAL_EVENTS_NATIVE", "/gem.so").env("INTERNAL_EVENTS_TOKEN", "of the monitor");
    let output = command.output().expect("it runs");
    let out = String::from_utf8(output.stdout).expect("UTF-8");
    for said in [
        "INTERNAL_EVENTS_COLLECTOR_APP_IDS decides, and not `collector.app_ids`",
        "set are INTERNAL_EVENTS_COLLECTOR_APP_IDS from the environment",
        "no setting is called INTERNAL_EVENTS_ENABLE\n",
    ] {
        assert!(out.contains(said), "{said}: {out}");
    }
    assert_eq!(out.matches("no setting is called").count(), 1, "others read those: {out}");
    assert_eq!(output.status.code(), Some(0), "{out}");
}

#[test]
fn a_certificate_that_ends_soon_is_found() {
    let root = shop();
    let settings = "[collector.tls]\ncertificate = \"c.pem\"\nkey = \"k.pem\"\n";
    write(root.path(), "internal-events.toml", settings);
    let make = |until: jiff::Timestamp| {
        let until = until.to_zoned(jiff::tz::TimeZone::UTC).date();
        let mut wanted = rcgen::CertificateParams::new(["localhost".to_owned()]).expect("names");
        let (month, day) = (until.month().unsigned_abs(), until.day().unsigned_abs());
        wanted.not_after = rcgen::date_time_ymd(until.year().into(), month, day);
        let key = rcgen::KeyPair::generate().expect("a key");
        let made = wanted.self_signed(&key).expect("a certificate");
        write(root.path(), "c.pem", &made.pem());
        write(root.path(), "k.pem", &key.serialize_pem());
        let only_ours = fs::Permissions::from_mode(0o600);
        fs::set_permissions(root.path().join("k.pem"), only_ours).expect("rights");
    };
    let now = jiff::Timestamp::now();
    let days = |n: i64| jiff::SignedDuration::from_hours(24 * n);
    for (until, exit, level, what) in [
        (now + days(400), 0, "ok", "is good until"),
        (now + days(10), 1, "warning", "days"),
        (now - days(10), 1, "error", "ended at"),
    ] {
        make(until);
        check(root.path(), &[], exit, (level, "tls", what));
    }
    make(now + days(400));
    let open = fs::Permissions::from_mode(0o644);
    fs::set_permissions(root.path().join("k.pem"), open).expect("rights");
    check(root.path(), &[], 1, ("warning", "rights", "k.pem (mode 644)"));
    write(root.path(), "k.pem", "nonsense");
    check(root.path(), &[], 1, ("error", "tls", "no PEM file"));
}

#[test]
fn rights_that_are_too_wide_are_found() {
    let root = shop_with_events();
    let data = root.path().join(".internal-events");
    assert_eq!(diagnosed(root.path(), "rights"), (Some(0), Vec::new()));
    for (path, mode, what) in [
        (data.join("internal-events.db"), 0o640, "internal-events.db (mode 640)"),
        (data.join("lease"), 0o606, "lease (mode 606)"),
        (data.clone(), 0o755, ".internal-events (mode 755)"),
    ] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("rights");
        check(root.path(), &[], 1, ("warning", "rights", what));
        fs::set_permissions(&path, fs::Permissions::from_mode(mode & 0o700)).expect("rights");
    }
}

#[test]
fn a_log_that_a_stopped_reader_makes_grow_is_found() {
    let root = shop_with_events();
    let path = root.path().join(".internal-events/internal-events.db");
    check(root.path(), &[], 0, ("ok", "log", "SQLite's log has"));
    let server = Server::start(root.path());
    // Letters that no packing makes fewer.
    let random = RandomState::new();
    let letter = |n: usize| char::from(b'0' + (random.hash_one(n) % 43).to_le_bytes()[0]);
    let noise = |n: usize| (n * 2_000..).take(2_000).map(letter).collect::<String>();
    let many: Vec<String> = (0..50).map(|n| order("5", &noise(n))).collect();
    let batch = format!("{{\"events\":[{}]}}", many.join(","));
    let mut connection = server.connect();
    let mut fill = |n: usize| {
        for _ in 0..n {
            let answer = connection.post(&format!("{TRACK}s"), &batch).expect("it answers");
            assert_eq!(answer.status, 200, "{}", answer.body);
        }
    };
    fill(10);
    // A reader that stops in the middle of what it reads.
    let script = "import sqlite3,sys\ndb=sqlite3.connect(sys.argv[1],isolation_level=None)\n\
                  db.execute('BEGIN')\ndb.execute('SELECT count(*) FROM journal').fetchall()\n\
                  print('reading',flush=True)\nsys.stdin.read()\n";
    let child = std::process::Command::new("python3")
        .args(["-c", script])
        .arg(&path)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn();
    let Ok(mut reader) = child else {
        let _ = writeln!(std::io::stderr(), "SKIPPED: there is no python3 to read meanwhile");
        return;
    };
    let mut line = String::new();
    let piped = reader.stdout.take().expect("it is piped");
    BufReader::new(piped).read_line(&mut line).expect("it says so");
    assert_eq!(line, "reading\n");
    fill(400);
    let id = reader.id();
    check(root.path(), &[], 1, ("warning", "log", &format!("process {id} reads")));
    stop(id);
    check(root.path(), &[], 1, ("warning", "log", &format!("process {id} is stopped")));
    go_on(id);
    reader.kill().expect("it ends");
    reader.wait().expect("it ends");
    check(root.path(), &[], 0, ("note", "log", "SQLite's log has"));
}

#[test]
fn a_deep_look_finds_what_verifying_finds() {
    let root = shop_with_events();
    let deep = ["--deep"];
    check(root.path(), &deep, 0, ("ok", "verify", "2 entries are sound"));
    let empty = shop();
    check(empty.path(), &deep, 0, ("ok", "verify", "nothing to verify"));
    let path = root.path().join(".internal-events/internal-events.db");
    let mut bytes = fs::read(&path).expect("the database");
    // What kind of page the third is: the journal.
    bytes[2 * 4096] ^= 1;
    fs::write(&path, &bytes).expect("a file");
    check(root.path(), &deep, 1, ("error", "verify", "malformed"));
    fs::write(&path, "hello").expect("a file");
    check(root.path(), &deep, 1, ("error", "verify", "not a store"));
}

#[test]
fn a_running_server_is_asked() {
    let root = shop();
    let mut server = Server::start(root.path());
    let url = format!("http://{}", server.address);
    let answer = server.connect().post(TRACK, &order("5", "x")).expect("it answers");
    assert_eq!(answer.status, 200);
    // It has counted that, so it has the lease.
    while diagnosed(root.path(), "lease").1.is_empty() {
        std::thread::yield_now();
    }
    let id = server.id();
    stop(id);
    check(root.path(), &[], 1, ("warning", "lease", &format!("by process {id}, which is stopped")));
    go_on(id);
    check(root.path(), &[], 0, ("ok", "lease", &format!("by process {id}")));
    let args = ["--server", url.as_str()];
    check(root.path(), &args, 0, ("ok", "server", "takes events"));
    let mut stranger = server.connect();
    let head = "GET /metrics HTTP/1.1\r\nHost: example.com\r\n\r\n";
    stranger.send(head).expect("it is sent");
    assert_eq!(stranger.answer().expect("it answers").status, 403);
    let slash = format!("{url}/");
    check(root.path(), &["--server", &slash], 0, ("ok", "server", "accepted 1"));
    check(root.path(), &args, 0, ("note", "server", "not_local 1"));
    for (other, what) in [
        ("127.0.0.1:8080", "should begin with http://"),
        ("http://", "names no host"),
        ("http://a@b", "names no host"),
        ("http://127.0.0.1:1", "nobody answers"),
    ] {
        check(root.path(), &["--server", other], 1, ("error", "server", what));
    }
    server.kill();
    check(root.path(), &args, 1, ("error", "server", "nobody answers"));
    write(root.path(), "internal-events.toml", "enabled = false");
    let off = Server::start(root.path());
    let url = format!("http://{}", off.address);
    check(root.path(), &["--server", &url], 1, ("error", "server", "503 disabled"));
}

#[test]
fn what_is_in_the_way_of_a_data_directory_is_named() {
    let no_directory = ("error", "data", "is there, and is no directory");
    let root = shop();
    let data = root.path().join(".internal-events");
    std::os::unix::fs::symlink("/nowhere/at/all", &data).expect("a link");
    check(root.path(), &[], 1, no_directory);
    fs::remove_file(&data).expect("it is there");
    fs::write(&data, "").expect("a file");
    check(root.path(), &[], 1, no_directory);
    assert!(diagnosed(root.path(), "rights").1.is_empty(), "its rights are no matter");
    // Names may be long, and SQLite takes a whole path of 511 bytes.
    let long = ["x"; 4].map(|it| it.repeat(200)).join("/");
    let deep = root.path().join(long);
    let deep = deep.to_str().expect("it is UTF-8");
    let run = run_at(root.path(), &["track", "create_order", "--data", deep]);
    assert!(run.err.contains("may have 511 bytes"), "{}", run.err);
}

#[test]
fn what_a_server_cannot_deliver_is_said() {
    let root = shop();
    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let nobody = format!("http://{}", free.local_addr().expect("it listens"));
    drop(free);
    let mut command = program();
    command.env("INTERNAL_EVENTS_SNOWPLOW_COLLECTOR", &nobody);
    let server = Server::start_as(command, root.path());
    let event = r#"{"event":"create_order","user_id":5,"send_to_snowplow":true}"#;
    assert_eq!(server.connect().post(TRACK, event).expect("it answers").status, 200);
    let failed = || {
        let health = server.connect().get("/healthz").expect("it answers").json();
        health["events"]["destinations"]["snowplow"]["last_error"].is_string()
    };
    while !failed() {
        std::thread::yield_now();
    }
    let url = format!("http://{}", server.address);
    let what = "cannot deliver to `snowplow`, 1 wait";
    check(root.path(), &["--server", &url], 1, ("warning", "server", what));
}

#[test]
fn clocks_that_were_ahead_and_what_they_cost_are_found() {
    let root = shop_with_events();
    check(root.path(), &[], 0, ("ok", "journal", "2 entries"));
    let database = root.path().join(".internal-events/internal-events.db");
    let database = rusqlite::Connection::open(database).expect("it opens");
    // The first group is of next year, and the last of now: the clock was set back.
    let ahead = "UPDATE journal SET accepted_at = accepted_at + 31536000000
         WHERE seq = (SELECT min(seq) FROM journal)";
    assert_eq!(database.execute(ahead, []).expect("it is changed"), 1);
    check(root.path(), &[], 1, ("warning", "clock", "accepted in the future"));
    let dropped = "INSERT INTO ledger (cause, count) VALUES ('dropped:backlog:counters', 3)";
    assert_eq!(database.execute(dropped, []).expect("it is noted"), 1);
    check(root.path(), &[], 1, ("note", "dropped", "3 entries were dropped for `counters`"));
}

#[test]
fn a_server_over_tls_is_asked() {
    let root = shop();
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).expect("a certificate");
    write(root.path(), "c.pem", &made.cert.pem());
    write(root.path(), "k.pem", &made.signing_key.serialize_pem());
    let settings = "[collector.tls]\ncertificate = \"c.pem\"\nkey = \"k.pem\"\n";
    write(root.path(), "internal-events.toml", settings);
    let server = Server::start(root.path());
    let url = format!("https://{}", server.address);
    let ca = |name: &str| root.path().join(name).to_str().expect("UTF-8").to_owned();
    let ask = |url: &str, file: &str| {
        let args = ["--server", url, "--ca", &ca(file)];
        diagnosed_with(root.path(), &args, "server").1.concat()
    };
    let said = ask(&url, "c.pem");
    assert!(said.starts_with("ok: ") && said.contains("takes events"), "{said}");
    for (url, file, what) in [
        (&url, "k.pem", "has no certificate"),
        (&url, "none.pem", "cannot read the certificates"),
        // The certificate is for another name.
        (&format!("https://localhost:{}", server.address.port()), "c.pem", "certificate"),
        // Who speaks TLS does not understand this.
        (&format!("http://{}", server.address), "c.pem", "answer"),
    ] {
        let said = ask(url, file);
        assert!(said.starts_with("error: ") && said.contains(what), "{url} {file}: {said}");
    }
    // Nobody else vouches for it.
    let said = diagnosed_with(root.path(), &["--server", &url], "server").1.concat();
    assert!(said.starts_with("error: ") && said.contains("certificate"), "{said}");
}

#[test]
fn the_doctor_asks_redis_and_never_shows_a_password() {
    let Some(mut redis) = crate::redis::Redis::start() else { return };
    let root = shop();
    let settings = |url: &str| {
        write(root.path(), "internal-events.toml", &format!("[redis]\nurl = \"{url}\"\n"));
    };
    let check = |level: &str, expected: &str| {
        let (code, found) = diagnosed(root.path(), "redis");
        assert_eq!(code, Some(i32::from(level != "ok")), "{found:?}");
        let is_it = |it: &String| it.starts_with(level) && it.contains(expected);
        assert!(found.iter().any(is_it), "{expected}: {found:?}");
        assert!(!found.iter().any(|it| it.contains("hunter2")), "{found:?}");
    };
    assert_eq!(diagnosed(root.path(), "redis").1.len(), 0, "none is configured");
    settings(&redis.url);
    check("ok", "takes counters and keeps them");
    redis.say("CONFIG SET maxmemory 100mb");
    redis.say("CONFIG SET maxmemory-policy allkeys-lru");
    check("warning", "throws keys away when its memory is short");
    redis.say("CONFIG SET maxmemory-policy noeviction");
    redis.say("REPLICAOF 127.0.0.1 1");
    check("error", "is a replica, which takes no writes");
    redis.say("REPLICAOF NO ONE");
    redis.say("ACL SETUSER counts on >hunter2 ~* +@all -pfmerge");
    settings(&redis.url.replace("//", "//counts:hunter2@"));
    check("error", "PFMERGE");
    settings(&redis.url.replace("//", "//counts:hunter22@"));
    check("error", "does not permit this");
    redis.kill();
    check("error", "no connection to Redis");
    settings("http://user:hunter2@127.0.0.1");
    check("error", "write redis://HOST:PORT");
}

#[test]
fn the_collector_is_asked_without_sending_anything() {
    let root = shop();
    let here: [&str; 0] = [];
    check(root.path(), &here, 0, ("ok", "snowplow", "events are sent nowhere"));
    let to = |settings: &str| write(root.path(), "internal-events.toml", settings);
    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = free.local_addr().expect("it listens");
    drop(free);
    let section = format!("[snowplow]\ncollector = \"http://{address}\"\n");
    to(&section);
    check(root.path(), &here, 1, ("error", "snowplow", &address.to_string()));
    to("[snowplow]\ncollector = \"ftp://a\"\n");
    check(root.path(), &here, 1, ("error", "snowplow", "neither http nor https"));
    to(&format!("{section}[product_usage]\nenabled = true\n"));
    check(root.path(), &here, 1, ("error", "snowplow", "switch one of them off"));

    let other = shop();
    let collector = Server::start_micro(other.path());
    to(&format!("[snowplow]\ncollector = \"http://{}\"\n", collector.address));
    check(root.path(), &here, 0, ("ok", "snowplow", "answers"));
    let all = collector.connect().get("/micro/all").expect("it answers").json();
    assert_eq!(all, serde_json::json!({ "total": 0, "good": 0, "bad": 0 }));
    assert!(!root.path().join(".internal-events").exists(), "a look makes no directory");
}
