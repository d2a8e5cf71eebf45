//! Stands between a tracker and its server, and loses what it is told to lose.

use super::server::Connection;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};

/// What becomes of one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// It is sent, and the answer comes back.
    Answered,
    /// It is sent, and the answer gets lost.
    AnswerLost,
    /// It is never sent.
    Lost,
}

/// Listens in place of a server; one request at a time.
pub(super) struct Relay {
    listener: TcpListener,
}

impl Relay {
    pub(super) fn open() -> Self {
        Self { listener: TcpListener::bind("127.0.0.1:0").expect("a free port") }
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.listener.local_addr().expect("it listens")
    }

    /// Ends a relay that runs.
    pub(super) fn end(address: SocketAddr) {
        let mut stream = TcpStream::connect(address).expect("the relay still runs");
        stream.write_all(b"END\r\n").expect("the relay still runs");
    }

    /// Relays until it is told to end. `fate` decides about each request and says where the
    /// server is; `after` is told when the server has answered, before anybody else is.
    pub(super) fn run(
        self,
        mut fate: impl FnMut() -> (Fate, SocketAddr),
        mut after: impl FnMut(Fate),
    ) {
        for stream in self.listener.incoming() {
            let mut stream = BufReader::new(stream.expect("a connection"));
            // A caller may connect and say nothing.
            let Some(request) = read(&mut stream) else { continue };
            if request == "END\r\n" {
                return;
            }
            let (fate, server) = fate();
            if fate == Fate::Lost {
                continue;
            }
            let mut connection = Connection::open(server).expect("the server takes connections");
            connection.send(&request).expect("the server reads");
            let answer = connection.answer().expect("the server answers");
            after(fate);
            if fate == Fate::Answered {
                // A caller that has gone away by now sends again.
                let _ = write!(
                    stream.get_mut(),
                    "HTTP/1.1 {} relayed\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{}",
                    answer.status,
                    answer.body.len(),
                    answer.body
                );
            }
        }
    }
}

/// Reads one request with its body.
fn read(stream: &mut BufReader<TcpStream>) -> Option<String> {
    let mut request = String::new();
    let mut length = 0;
    loop {
        let start = request.len();
        if stream.read_line(&mut request).ok()? == 0 {
            return None;
        }
        let line = request[start..].to_ascii_lowercase();
        if let Some(it) = line.strip_prefix("content-length:") {
            length = it.trim().parse().ok()?;
        }
        if line == "\r\n" || line == "end\r\n" {
            break;
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).ok()?;
    request.push_str(&String::from_utf8(body).ok()?);
    Some(request)
}
