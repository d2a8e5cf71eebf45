//! Callers that call as long as they can, and what they were told.

use super::server::{Connection, TRACK};
use std::collections::BTreeSet;
use std::hash::{BuildHasher as _, RandomState};
use std::net::SocketAddr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

/// Users among whom orders are spread; few enough that most come again.
const N_USERS: u64 = 3_000;

/// One order, told from all others by its label.
#[derive(Clone, Debug)]
pub(super) struct Order {
    pub(super) label: String,
    user: u64,
}

impl Order {
    /// The body of its request; the label is its id as well, so that it may be sent again. It goes
    /// to a Snowplow collector where there is one.
    fn body(&self) -> String {
        let Self { label, user } = self;
        format!(
            r#"{{"event":"create_order","event_id":"{label}","user_id":"u{user}","send_to_snowplow":true,"additional_properties":{{"label":"{label}"}}}}"#
        )
    }
}

/// What callers were told, by the labels of the orders.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// Answered 200.
    pub(super) accepted: BTreeSet<String>,
    /// Answered 202.
    pub(super) kept_aside: BTreeSet<String>,
    /// Answered 503.
    pub(super) refused: BTreeSet<String>,
    /// Sent, and never answered.
    pub(super) in_doubt: Vec<Order>,
}

impl Told {
    pub(super) fn add(&mut self, other: Self) {
        self.accepted.extend(other.accepted);
        self.kept_aside.extend(other.kept_aside);
        self.refused.extend(other.refused);
        self.in_doubt.extend(other.in_doubt);
    }
}

/// Lets `callers` call each of the servers while something happens to these.
///
/// Callers go on until their server is gone, or until what happens is over.
pub(super) fn under_load<T>(
    servers: &[SocketAddr],
    callers: usize,
    name: &str,
    happens: impl FnOnce() -> T,
) -> (Told, T) {
    let (told, is_over) = (Mutex::new(Told::default()), AtomicBool::new(false));
    let res = std::thread::scope(|scope| {
        for (server, address) in servers.iter().enumerate() {
            for caller in 0..callers {
                let (told, is_over) = (&told, &is_over);
                let name = format!("{name}-{server}-{caller}");
                scope.spawn(move || {
                    let mut own = Told::default();
                    call(*address, &name, is_over, &mut own);
                    told.lock().expect("nobody panics with it").add(own);
                });
            }
        }
        // Also when a test fails: the callers are waited for.
        let _end = End(&is_over);
        happens()
    });
    (told.into_inner().expect("nobody panics with it"), res)
}

struct End<'a>(&'a AtomicBool);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Tracks orders until the server is gone or it is over.
fn call(address: SocketAddr, name: &str, is_over: &AtomicBool, told: &mut Told) {
    let Ok(mut connection) = Connection::open(address) else { return };
    let random = RandomState::new();
    for n in 0_u64.. {
        let order = Order { label: format!("{name}-{n}"), user: random.hash_one(n) % N_USERS };
        if is_over.load(Ordering::Relaxed) || !send(&mut connection, order, told) {
            return;
        }
    }
}

/// Sends orders that were never answered once more.
pub(super) fn send_again(address: SocketAddr, told: &mut Told) {
    let mut connection = Connection::open(address).expect("the server takes connections");
    for order in std::mem::take(&mut told.in_doubt) {
        assert!(send(&mut connection, order, told), "nobody kills it now");
    }
}

/// Sends one order and notes what is answered; false if nothing is.
fn send(connection: &mut Connection, order: Order, told: &mut Told) -> bool {
    let Ok(answer) = connection.post(TRACK, &order.body()) else {
        told.in_doubt.push(order);
        return false;
    };
    match answer.status {
        200 => told.accepted.insert(order.label),
        202 => told.kept_aside.insert(order.label),
        503 => {
            assert!(answer.retry_after.is_some(), "it says when to send again: {}", answer.body);
            told.refused.insert(order.label)
        }
        other => panic!("{other}: {}", answer.body),
    };
    true
}

/// Says what was measured, for whoever looks at the log of a long run.
#[expect(clippy::print_stderr, reason = "what a test prints is for people")]
pub(super) fn say(text: &str) {
    eprintln!("{text}");
}
