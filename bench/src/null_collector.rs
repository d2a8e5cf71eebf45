//! A collector that takes everything and keeps nothing, in a process of its own, so that what it
//! costs is not counted.

use crate::process;
use crate::server::Server;
use anyhow::{Context as _, Result, ensure};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// What it answers at once, whatever it got.
const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// What stands once in every event of a body.
const MARK: &str = "\"eid\":";

/// Serves on a port of loopback, any if it is 0, until the process is killed.
pub(crate) fn run(port: u16) -> Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
    let mut out = std::io::stdout().lock();
    writeln!(out, "listening on http://{}", listener.local_addr()?)?;
    out.flush()?;
    drop(out);
    let taken = Arc::new(AtomicU64::new(0));
    for stream in listener.incoming() {
        let (stream, taken) = (stream?, Arc::clone(&taken));
        // Whoever hangs up within a request has broken off a measurement that failed already.
        std::thread::spawn(move || serve(&stream, &taken));
    }
    Ok(())
}

/// Answers requests on one connection until it is closed; a `GET` gets the number of events.
fn serve(stream: &TcpStream, taken: &AtomicU64) -> Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::with_capacity(64 << 10, stream);
    let (mut writer, mut body, mut line) = (stream, Vec::new(), String::new());
    loop {
        let (mut length, mut is_question) = (0, false);
        loop {
            line.clear();
            if reader.read_line(&mut line)? == 0 {
                return Ok(());
            }
            is_question |= line.starts_with("GET ");
            let line = line.trim_end();
            if line.is_empty() {
                break;
            }
            match line.split_once(':') {
                Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                    length = value.trim().parse()?;
                }
                _ => {}
            }
        }
        if is_question {
            writeln!(writer, "{}", taken.load(Ordering::Relaxed))?;
            return Ok(());
        }
        body.resize(length, 0);
        reader.read_exact(&mut body)?;
        let n = str::from_utf8(&body)?.matches(MARK).count();
        taken.fetch_add(n as u64, Ordering::Relaxed);
        writer.write_all(ANSWER)?;
    }
}

/// Starts it.
pub(crate) fn start(port: u16) -> Result<Server> {
    let mut command = Command::new(process::ourselves()?);
    Server::start(command.args(["floor", "snowplow", &port.to_string()]))
}

/// How many events it has taken since it started.
pub(crate) fn taken(address: SocketAddr) -> Result<u64> {
    let mut stream = TcpStream::connect(address)?;
    stream.write_all(b"GET / HTTP/1.1\r\n\r\n")?;
    let mut text = String::new();
    stream.read_to_string(&mut text)?;
    text.trim().parse().with_context(|| format!("the null collector says `{text}`"))
}

/// An address where nobody listens.
pub(crate) fn refusing() -> Result<SocketAddr> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?)
}

/// Makes sure that nothing was lost, and nothing sent twice.
pub(crate) fn ensure_taken(address: SocketAddr, expected: u64) -> Result<()> {
    let taken = taken(address)?;
    ensure!(taken == expected, "{expected} events were to be sent, {taken} came");
    Ok(())
}
