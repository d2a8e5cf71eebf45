//! A relay between client and server that cuts a connection at a step of the test's choice.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::thread::{JoinHandle, spawn};

/// What is lost with the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lost {
    /// What was asked.
    Request,
    /// What was answered: the server has done it.
    Answer,
}

/// Passes on what comes, until it is told to cut.
pub(crate) struct Relay {
    port: u16,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    is_over: AtomicBool,
    /// How many requests and answers are passed on before one is lost; below zero none is.
    requests_left: AtomicI64,
    answers_left: AtomicI64,
    /// How many requests overtake the one that is lost; below one it never arrives.
    overtaking: AtomicI64,
    held: Mutex<Option<Held>>,
}

/// A request whose client is gone, and which is still to arrive.
struct Held {
    bytes: Vec<u8>,
    server: TcpStream,
    /// Ends when the server has answered.
    answered: Receiver<()>,
}

impl Relay {
    /// Passes on everything to this port, until [`cut`](Self::cut) is called.
    pub(crate) fn start(to: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::new(Shared::default());
        shared.requests_left.store(-1, Ordering::SeqCst);
        shared.answers_left.store(-1, Ordering::SeqCst);
        let of_thread = Arc::clone(&shared);
        let thread = spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                if of_thread.is_over.load(Ordering::SeqCst) {
                    return;
                }
                if let Ok(server) = TcpStream::connect(("127.0.0.1", to)) {
                    relay(client, server, &of_thread);
                }
            }
        });
        Self { port, shared, thread: Some(thread) }
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Loses one after this many, and its connection with it.
    pub(crate) fn cut(&self, lost: Lost, after: i64) {
        self.counter(lost).store(after, Ordering::SeqCst);
    }

    /// Has the request that is lost arrive after all, when so many others have overtaken it.
    pub(crate) fn deliver_late(&self, overtaking: i64) {
        self.shared.overtaking.store(overtaking, Ordering::SeqCst);
    }

    /// Whether the cut is still to come.
    pub(crate) fn is_whole(&self, lost: Lost) -> bool {
        self.counter(lost).load(Ordering::SeqCst) >= 0
    }

    fn counter(&self, lost: Lost) -> &AtomicI64 {
        match lost {
            Lost::Request => &self.shared.requests_left,
            Lost::Answer => &self.shared.answers_left,
        }
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.shared.is_over.store(true, Ordering::SeqCst);
        // Whoever waits for a connection gets one, and sees that it is over.
        drop(TcpStream::connect(("127.0.0.1", self.port)));
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

fn relay(client: TcpStream, server: TcpStream, shared: &Arc<Shared>) {
    let (is_answered, answered) = channel();
    let of_requests = (client.try_clone().unwrap(), server.try_clone().unwrap());
    let shared_by_requests = Arc::clone(shared);
    spawn(move || {
        let (client, server) = of_requests;
        let before = || shared_by_requests.let_one_overtake();
        let lost = pass_on(&client, &server, &shared_by_requests.requests_left, before);
        drop(client.shutdown(Shutdown::Both));
        match lost {
            Some(bytes) if shared_by_requests.overtaking.load(Ordering::SeqCst) > 0 => {
                let held = Held { bytes, server, answered };
                *shared_by_requests.held.lock().unwrap() = Some(held);
            }
            _ => drop(server.shutdown(Shutdown::Both)),
        }
    });
    let shared = Arc::clone(shared);
    spawn(move || {
        pass_on(&server, &client, &shared.answers_left, || {});
        drop((server.shutdown(Shutdown::Both), client.shutdown(Shutdown::Both)));
        drop(is_answered);
    });
}

/// Passes on what comes until there is no more, or something is to be lost, which it returns.
fn pass_on(
    mut from: &TcpStream,
    mut to: &TcpStream,
    left: &AtomicI64,
    before: impl Fn(),
) -> Option<Vec<u8>> {
    let mut bytes = vec![0; 1 << 16];
    while let Ok(n @ 1..) = from.read(&mut bytes) {
        if left.fetch_sub(1, Ordering::SeqCst) == 0 {
            return Some(bytes[..n].to_vec());
        }
        before();
        if to.write_all(&bytes[..n]).is_err() {
            break;
        }
    }
    None
}

impl Shared {
    /// Lets the server have the request that is held back, once enough others have passed.
    fn let_one_overtake(&self) {
        let mut held = self.held.lock().unwrap();
        if held.is_none() || self.overtaking.fetch_sub(1, Ordering::SeqCst) != 1 {
            return;
        }
        let Some(mut it) = held.take() else { return };
        it.server.write_all(&it.bytes).unwrap();
        // The answer finds nobody, and then this ends.
        assert!(it.answered.recv().is_err());
    }
}
