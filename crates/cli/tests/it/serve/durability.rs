//! No answer leaves before the sync of its group.
//!
//! `kill -9` cannot see a missing sync: what was written stays in the system's memory. So this
//! looks at the system calls themselves.

use super::server::{Server, TRACK, order};
use crate::{program, shop};
use std::collections::HashMap;
use std::process::{Command, Stdio};

const REQUESTS: usize = 25;

/// How an answer begins that says that an event is durable, 200 or 202.
const ANSWER: &str = "HTTP/1.1 20";

#[test]
fn no_answer_leaves_before_the_journal_is_synced() {
    if !has_strace() {
        return;
    }
    let trace = trace();
    check(&trace).expect("every answer comes after the sync of its group");
    // What follows shows that the check can fail.
    let is_sync = |line: &str| line.contains("fdatasync") || line.contains("fsync");
    let without = |is_left_out: &dyn Fn(&str) -> bool| -> String {
        trace.lines().filter(|it| !is_left_out(it)).collect::<Vec<_>>().join("\n")
    };
    check(&without(&is_sync)).expect_err("a server that never syncs is found out");
    let is_write = |line: &str| line.contains("-wal>") && line.contains("pwrite64");
    check(&without(&is_write)).expect_err("a server that writes no journal is found out");
    check(&without(&|it| it.contains(ANSWER))).expect_err("answers are looked at");
    check(&delayed_by_one(&trace)).expect_err("a sync after the answer is found out");
}

#[expect(clippy::print_stderr, reason = "a test that is skipped says why")]
pub(super) fn has_strace() -> bool {
    // Some containers have the program but may not trace.
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

/// A server that strace has started; ended when dropped.
pub(super) struct Traced(pub(super) Server);

impl Drop for Traced {
    fn drop(&mut self) {
        // strace hands the signal on only to itself; the server is its child.
        let children = format!("/proc/{0}/task/{0}/children", self.0.id());
        let children = std::fs::read_to_string(children).unwrap_or_default();
        if let Ok(child) = children.trim().parse() {
            super::server::signal("TERM", child);
            self.0.wait();
        }
    }
}

/// Tracks events one after the other; returns the system calls of the server.
fn trace() -> String {
    let shop = shop();
    let file = shop.path().join("trace");
    let plain = program();
    let mut traced = Command::new("strace");
    traced.args(["-f", "-y", "-s", "8192", "-o"]).arg(&file).arg("-e");
    traced.arg("trace=fdatasync,fsync,write,writev,sendto,sendmsg,pwrite64,pwritev");
    traced.arg(plain.get_program());
    for (name, value) in plain.get_envs() {
        match value {
            Some(value) => traced.env(name, value),
            None => traced.env_remove(name),
        };
    }
    let server = Traced(Server::start_as(traced, shop.path()));
    let mut connection = server.0.connect();
    for n in 0..REQUESTS {
        // Orders, events that nobody knows, and orders with an id of their own.
        let order = order("5", &label(n));
        let (body, status) = match n % 3 {
            0 => (order, 200),
            1 => (order.replace("create_order", "cancel_order"), 202),
            _ => (order.replacen('{', &format!(r#"{{"event_id":"{n}","#), 1), 200),
        };
        let answer = connection.post(TRACK, &body).expect("an answer");
        assert_eq!(answer.status, status, "{}", answer.body);
    }
    drop(connection);
    drop(server);
    std::fs::read_to_string(file).expect("strace has written")
}

fn label(n: usize) -> String {
    format!("label-{n:04}-of-this-event")
}

/// What a system call means here.
#[derive(Debug, Clone, PartialEq)]
enum Call {
    /// These bytes go to the journal.
    Write(String),
    /// What was written to the journal goes to the disk.
    Sync,
    /// An answer leaves.
    Answer,
}

impl Call {
    fn of(line: &str) -> Option<Self> {
        let is_sync = line.starts_with("fdatasync(") || line.starts_with("fsync(");
        let is_write = line.starts_with("pwrite64(") || line.starts_with("write(");
        if line.contains("-wal>") && is_sync {
            Some(Self::Sync)
        } else if line.contains("-wal>") && is_write {
            Some(Self::Write(line.to_owned()))
        } else if line.contains(ANSWER) {
            Some(Self::Answer)
        } else {
            None
        }
    }
}

/// Checks that between the write of each event and its answer a sync began and ended.
///
/// Requests came one at a time, so that the answers are in the order of the labels.
fn check(trace: &str) -> Result<(), String> {
    let mut under_way: HashMap<&str, (Call, usize)> = HashMap::new();
    // Where each event was written last, and the sync that began last among those that ended.
    let (mut written, mut synced): (Vec<Option<usize>>, _) = (vec![None; REQUESTS], None);
    let mut answers = 0;
    for (at, line) in trace.lines().enumerate() {
        let Some((thread, line)) = line.split_once(' ') else { continue };
        let line = line.trim_start();
        let ended = match Call::of(line) {
            Some(Call::Answer) => {
                let it = written.get(answers).ok_or("there are more answers than requests")?;
                let it = it.ok_or_else(|| format!("answer {answers} has no write before it"))?;
                if synced.is_none_or(|began| began < it) {
                    return Err(format!("answer {answers} left before its sync had ended"));
                }
                answers += 1;
                continue;
            }
            Some(call) if line.contains("<unfinished ...>") => {
                under_way.insert(thread, (call, at));
                None
            }
            Some(call) => Some((call, at)),
            None if line.contains(" resumed>") => under_way.remove(thread),
            None => None,
        };
        match ended {
            Some((Call::Write(bytes), _)) => {
                // A write counts from its end, a sync from its beginning.
                (0..REQUESTS).filter(|n| bytes.contains(&label(*n))).for_each(|n| {
                    written[n].get_or_insert(at);
                });
            }
            Some((Call::Sync, began)) if line.ends_with("= 0") => synced = Some(began),
            _ => {}
        }
    }
    if answers == REQUESTS { Ok(()) } else { Err(format!("{answers} answers were seen")) }
}

/// The same trace with each answer moved up before the sync that it waited for.
fn delayed_by_one(trace: &str) -> String {
    let mut lines: Vec<&str> = trace.lines().collect();
    let answer = lines.iter().rposition(|it| it.contains(ANSWER)).expect("an answer");
    let n = REQUESTS - 1;
    let write = lines.iter().position(|it| it.contains(&label(n))).expect("its write");
    let answer = lines.remove(answer);
    // After the end of the write, which may be on a line of its own.
    let end = lines[write..].iter().position(|it| it.contains("= ")).expect("the write ends");
    lines.insert(write + end + 1, answer);
    lines.join("\n")
}
