//! Several processes on one data directory count as one does.

use super::server::{Server, TOTAL, TRACK, USERS, order};
use crate::{run, shop};

/// Processes at a time.
const PROCESSES: u64 = 8;

/// Users whose orders each of them tracks; half of them are the next process's, too.
const USERS_EACH: u64 = 6;

fn users_of(process: u64) -> impl Iterator<Item = String> {
    (0..USERS_EACH).map(move |n| format!("user-{}", process * USERS_EACH / 2 + n))
}

#[test]
fn eight_processes_count_the_same_uniques_as_one() {
    let many = shop();
    let root = many.path().to_str().expect("the path is UTF-8");
    std::thread::scope(|scope| {
        for process in 0..PROCESSES {
            scope.spawn(move || {
                for user in users_of(process) {
                    let run = run(&["--root", root, "track", "create_order", "--user", &user]);
                    assert_eq!(run.code, Some(0), "{}", run.err);
                }
            });
        }
    });
    let many = Server::start(many.path());

    let one = shop();
    let one = Server::start(one.path());
    let mut connection = one.connect();
    for user in (0..PROCESSES).flat_map(users_of) {
        let answer = connection.post(TRACK, &order(&user, "x")).expect("an answer");
        assert_eq!(answer.status, 200);
    }
    assert_eq!(many.metric(TOTAL), PROCESSES * USERS_EACH);
    assert_eq!(many.metric(TOTAL), one.metric(TOTAL));
    assert_eq!(many.metric(USERS), (PROCESSES + 1) * USERS_EACH / 2);
    assert_eq!(many.metric(USERS), one.metric(USERS));
}
