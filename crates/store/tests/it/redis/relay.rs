//! A relay between client and server that cuts a connection at a step of the test's choice.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
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
    for (from, to, lost) in [(&client, &server, Lost::Request), (&server, &client, Lost::Answer)] {
        let (mut from, mut to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
        let shared = Arc::clone(shared);
        spawn(move || {
            let mut bytes = vec![0; 1 << 16];
            while let Ok(n) = from.read(&mut bytes) {
                let left = match lost {
                    Lost::Request => &shared.requests_left,
                    Lost::Answer => &shared.answers_left,
                };
                let is_cut = n > 0 && left.fetch_sub(1, Ordering::SeqCst) == 0;
                if n == 0 || is_cut || to.write_all(&bytes[..n]).is_err() {
                    break;
                }
            }
            drop(from.shutdown(Shutdown::Both));
            drop(to.shutdown(Shutdown::Both));
        });
    }
}
