//! A server whose disk is full, nearly full, or broken: it refuses, loses nothing, and goes on by
//! itself.

use super::audit::{audit, catalogs};
use super::crash::start_on;
use super::durability::{Traced, has_strace};
use super::load::{Told, say, under_load};
use super::server::{Server, TRACK, order};
use crate::{program, run_with, shop};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Set where file systems may be mounted.
const INSIDE: &str = "INTERNAL_EVENTS_TEST_MOUNTS";

/// Overrides how much of the disk is to stay free.
const RESERVE: &str = "INTERNAL_EVENTS_JOURNAL_RESERVE";

const PATIENCE: Duration = Duration::from_mins(1);

/// Runs a test of this module where it may mount; true if this is there.
#[expect(clippy::print_stderr, reason = "a test that is skipped says why")]
fn may_mount(name: &str) -> bool {
    if std::env::var_os(INSIDE).is_some() {
        return true;
    }
    // Root may do it anyway; others as root of a namespace of users.
    let namespace = ["-m", "-rm"].into_iter().find(|it| {
        let mut unshare = Command::new("unshare");
        unshare.args([it, "mount", "-t", "tmpfs", "tmpfs", "/mnt"]);
        unshare.stderr(Stdio::null()).status().is_ok_and(|it| it.success())
    });
    let Some(namespace) = namespace else {
        let is_ci = std::env::var_os("CI").is_some_and(|it| it == "true");
        assert!(!is_ci, "CI has to allow mounts in a namespace");
        eprintln!("SKIPPED: no file system can be mounted, so no disk is full");
        return false;
    };
    let mut again = Command::new("unshare");
    again.arg(namespace).arg(std::env::current_exe().expect("a test has a binary"));
    again.args(["--exact", &format!("serve::disk::{name}"), "--nocapture"]).env(INSIDE, "1");
    let status = again.status().expect("it starts");
    assert!(status.success(), "{name} fails in a namespace of its own");
    false
}

/// Mounts a file system in memory.
fn mount(options: &str, on: &Path) {
    let mut mount = Command::new("mount");
    let status = mount.args(["-t", "tmpfs", "-o", options, "tmpfs"]).arg(on).status();
    assert!(status.expect("there is `mount`").success(), "{options}");
}

fn try_resize(size: &str, on: &Path) -> bool {
    let mut mount = Command::new("mount");
    mount.args(["-o", &format!("remount,size={size}")]).arg(on).stderr(Stdio::null());
    mount.status().expect("there is `mount`").success()
}

fn resize(size: &str, on: &Path) {
    assert!(try_resize(size, on), "{size}");
}

/// Leaves so many blocks free and no more, while files grow.
fn fill(directory: &Path, free: u64) {
    let deadline = Instant::now() + PATIENCE;
    while !try_resize(&format!("{}k", 4 * (blocks(directory) + free)), directory) {
        assert!(Instant::now() < deadline, "it is filled");
    }
}

/// How many blocks of 4 KiB the files take.
fn blocks(directory: &Path) -> u64 {
    let mut stat = Command::new("stat");
    let output = stat.args(["-f", "-c", "%b %f"]).arg(directory).output().expect("there is `stat`");
    let text = String::from_utf8(output.stdout).expect("numbers");
    let (all, free) = text.trim().split_once(' ').expect("two numbers");
    all.parse::<u64>().expect("a number") - free.parse::<u64>().expect("a number")
}

/// Starts a server that keeps no reserve, so that the disk is full only when it is.
fn start_without_reserve(root: &Path, data: &Path) -> Server {
    let mut program = program();
    program.env("INTERNAL_EVENTS_DATA", data).env(RESERVE, "0");
    Server::start_as(program, root)
}

fn wait_for(server: &Server, status: u16, label: &str) {
    let deadline = Instant::now() + PATIENCE;
    for n in 0.. {
        let answer = server.connect().post(TRACK, &order("u1", &format!("{label} {n}")));
        if answer.expect("an answer").status == status {
            return;
        }
        assert!(Instant::now() < deadline, "{status} is answered");
    }
}

#[test]
fn a_server_with_too_little_room_does_not_start_and_says_why() {
    if !may_mount("a_server_with_too_little_room_does_not_start_and_says_why") {
        return;
    }
    let (shop, disk) = (shop(), tempfile::tempdir().expect("a temporary directory"));
    mount("size=64k", disk.path());
    let paths = [shop.path(), disk.path()].map(|it| it.to_str().expect("it is UTF-8"));
    let arguments = ["--root", paths[0], "--data", paths[1], "serve", "--listen", "127.0.0.1:0"];
    let run = run_with(&arguments, &[(RESERVE, "0")]);
    assert_eq!((run.code, run.out.as_str()), (Some(2), ""), "{}", run.err);
    assert!(run.err.contains("cannot use the data directory"), "{}", run.err);
    assert!(run.err.contains("disk is full"), "{}", run.err);
    resize("2g", disk.path());
    wait_for(&start_without_reserve(shop.path(), disk.path()), 200, "there is room");
}

#[test]
fn a_full_disk_is_answered_503_and_orders_are_taken_again_without_a_restart() {
    if !may_mount("a_full_disk_is_answered_503_and_orders_are_taken_again_without_a_restart") {
        return;
    }
    let (shop, disk) = (shop(), tempfile::tempdir().expect("a temporary directory"));
    mount("size=2g", disk.path());
    let server = start_without_reserve(shop.path(), disk.path());
    let (mut told, mut n_unknown) = (Told::default(), 0);
    for round in 0..4 {
        let (more, ()) = under_load(&[server.address], 4, &format!("full-{round}"), || {
            std::thread::sleep(Duration::from_millis(100));
            fill(disk.path(), round * 20);
            wait_for(&server, 503, &format!("full {round}"));
            // Long enough for counters to be due, which find no room either.
            std::thread::sleep(Duration::from_millis(1_100));
            let unknown = r#"{"event":"cancel_order","additional_properties":{"label":"x"}}"#;
            let answer = server.connect().post(TRACK, unknown).expect("an answer");
            n_unknown += u64::from(answer.status == 202);
            assert!(matches!(answer.status, 202 | 503), "{}", answer.body);
            resize("2g", disk.path());
            wait_for(&server, 200, &format!("room {round}"));
        });
        told.add(more);
    }
    say(&format!("{} accepted, {} refused", told.accepted.len(), told.refused.len()));
    assert!(!told.refused.is_empty() && told.in_doubt.is_empty(), "all were answered");
    let audited = audit(disk.path(), &told, &catalogs([shop.path()]));
    assert_eq!(server.metric(super::server::TOTAL), audited.events);
}

#[test]
fn below_the_reserve_orders_are_refused_and_above_it_taken_at_once() {
    if !may_mount("below_the_reserve_orders_are_refused_and_above_it_taken_at_once") {
        return;
    }
    let (shop, disk) = (shop(), tempfile::tempdir().expect("a temporary directory"));
    mount("size=300m", disk.path());
    let server = start_on(shop.path(), disk.path());
    let (told, ()) = under_load(&[server.address], 2, "reserve", || {
        // Long enough for counters to be written down once.
        std::thread::sleep(Duration::from_millis(1_200));
        resize("250m", disk.path());
        wait_for(&server, 503, "reserve");
        resize("600m", disk.path());
        let answer = server.connect().post(TRACK, &order("u1", "room")).expect("an answer");
        assert_eq!(answer.status, 200, "the first after somebody made room: {}", answer.body);
    });
    assert!(!told.refused.is_empty() && told.in_doubt.is_empty(), "all were answered");
    let audited = audit(disk.path(), &told, &catalogs([shop.path()]));
    assert_eq!(server.metric(super::server::TOTAL), audited.events);
}

/// What the disk does to some of the calls that the server makes of it.
#[test]
fn a_disk_that_fails_for_a_while_is_answered_503_and_loses_nothing() {
    if !has_strace() {
        return;
    }
    for fault in [
        "fsync,fdatasync:error=EIO:when=8..12",
        "pwrite64:error=EIO:when=30..45",
        "pwrite64:error=EROFS:when=50..60",
        "pwrite64:error=ENOSPC:when=40+40",
        "fsync,fdatasync:delay_enter=30000:when=5+5",
    ] {
        let (shop, data) = (shop(), tempfile::tempdir().expect("a temporary directory"));
        // The store is made before, so that the faults come later.
        drop(start_on(shop.path(), data.path()));
        let mut traced = Command::new("strace");
        traced.args(["-f", "-qq", "-o", "/dev/null", "-e", "trace=fsync,fdatasync,pwrite64"]);
        traced.args(["-e", &format!("inject={fault}")]);
        let plain = program();
        traced.arg(plain.get_program()).env("INTERNAL_EVENTS_DATA", data.path());
        let traced = Traced(Server::start_as(traced, shop.path()));
        let server = &traced.0;
        let (told, ()) = under_load(&[server.address], 3, "fault", || {
            std::thread::sleep(Duration::from_millis(1_500));
        });
        say(&format!("{fault}: {} accepted, {} refused", told.accepted.len(), told.refused.len()));
        assert!(!told.accepted.is_empty() && told.in_doubt.is_empty(), "all were answered");
        assert_eq!(told.refused.is_empty(), fault.contains("delay"), "{fault} was seen");
        let audited = audit(data.path(), &told, &catalogs([shop.path()]));
        assert_eq!(server.metric(super::server::TOTAL), audited.events);
    }
}

#[test]
fn what_is_deleted_or_replaced_under_a_server_is_answered_503() {
    let (shop, place) = (shop(), tempfile::tempdir().expect("a temporary directory"));
    let [backup, aside] = ["backup", "aside"].map(|it| place.path().join(it));
    let data = shop.path().join(".internal-events");
    let mut server = Server::start_logged(shop.path());
    let track = |server: &Server, label: &str| {
        let answer = server.connect().post(TRACK, &order("u1", label));
        answer.expect("an answer").status
    };
    let ready = |server: &Server| server.connect().get("/readyz").expect("an answer").status;
    assert_eq!(track(&server, "before"), 200);
    let paths = [shop.path(), &backup].map(|it| it.to_str().expect("it is UTF-8"));
    let run = run_with(&["--root", paths[0], "backup", paths[1]], &[]);
    assert_eq!(run.code, Some(0), "{}", run.err);
    assert_eq!(ready(&server), 200);
    std::fs::rename(&data, &aside).expect("it is moved");
    assert_eq!(ready(&server), 503, "before anything is sent");
    for n in 0..20 {
        assert_eq!(track(&server, &format!("moved {n}")), 503);
    }
    std::fs::rename(&backup, &data).expect("it is restored");
    assert_eq!(track(&server, "restored"), 503);
    let url = format!("http://{}", server.address);
    let run = run_with(&["--root", paths[0], "doctor", "--server", &url], &[]);
    assert!(run.out.contains("moved, deleted or replaced"), "{}", run.out);
    // Another program goes on with what is there now, and this one once all is as it was.
    let other = Server::start(shop.path());
    assert_eq!(track(&other, "elsewhere"), 200);
    drop(other);
    std::fs::rename(&data, &backup).expect("it is moved");
    std::fs::rename(&aside, &data).expect("it is put back");
    assert_eq!(ready(&server), 200);
    assert_eq!(track(&server, "put back"), 200);
    assert_eq!(server.metric(super::server::TOTAL), 2);
    server.terminate();
    let log = server.log();
    assert!(log.contains("deleted, moved or replaced"), "{log}");
    let n_lines = log.matches("the journal could not be written").count();
    assert!(n_lines < 20, "a line for each would fill a disk: {log}");
}

/// What the doctor says of a disk that is mounted so, with no reserve kept.
fn check_disk(options: &[&str], said: &str) {
    let (shop, disk) = (shop(), tempfile::tempdir().expect("a temporary directory"));
    for it in options {
        mount(it, disk.path());
    }
    let paths = [shop.path(), disk.path()].map(|it| it.to_str().expect("it is UTF-8"));
    let run = run_with(&["--root", paths[0], "--data", paths[1], "doctor"], &[(RESERVE, "0")]);
    assert!(run.out.contains(said), "{options:?}: {}", run.out);
    assert_eq!(run.code, Some(1), "{options:?}: {}", run.out);
}

#[test]
fn the_doctor_names_a_disk_that_takes_nothing() {
    if !may_mount("the_doctor_names_a_disk_that_takes_nothing") {
        return;
    }
    check_disk(&["size=1m"], "free_space: 1.0 MiB are free");
    check_disk(&["size=64m,nr_inodes=1"], "no room for another file");
    check_disk(&["size=64m,ro"], "mounted so that nobody may write");
}
