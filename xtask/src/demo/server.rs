//! A server for the length of a demonstration, and just enough HTTP to talk to it.

use crate::project::Project;
use anyhow::{Context as _, Result, bail, ensure};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

/// Far more than a start or an orderly end takes, even on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// A running `internal-events serve`; dropping it ends it.
pub(super) struct Server {
    child: Child,
    address: String,
    lines: Receiver<String>,
}

/// What came back for a request.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: String,
}

impl Server {
    /// Starts the server on a free port and waits until it is ready.
    pub(super) fn start(project: &Project, folders: &[&str]) -> Result<Self> {
        let mut command = project.internal_events();
        command.arg("serve").args(folders).args(["--listen", "127.0.0.1:0"]);
        println!("\n$ {}", project.show(&command));
        let mut child =
            command.stdout(Stdio::piped()).spawn().context("could not start the server")?;
        let stdout = child.stdout.take().expect("invariant: stdout is piped");
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            let read = BufReader::new(stdout).lines().map_while(Result::ok);
            // Reading on after nobody listens keeps the server from blocking on a full pipe.
            read.for_each(|line| drop(sender.send(line)));
        });
        let mut server = Self { child, address: String::new(), lines };
        server.address = server.wait_until_ready()?;
        Ok(server)
    }

    /// Host and port, as in an URL.
    pub(super) fn address(&self) -> &str {
        &self.address
    }

    fn wait_until_ready(&self) -> Result<String> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let line = self.lines.recv_timeout(left).context("the server did not get ready")?;
            if let Some(address) = line.strip_prefix("listening on http://") {
                return Ok(address.trim().to_owned());
            }
        }
    }

    /// Sends a JSON body and waits for the answer.
    pub(super) fn post(&self, path: &str, body: &str) -> Result<Answer> {
        let address = &self.address;
        let mut stream = TcpStream::connect(address).context("could not reach the server")?;
        stream.set_read_timeout(Some(PATIENCE)).context("could not set a time limit")?;
        let length = body.len();
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\
             Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
        );
        stream.write_all(request.as_bytes()).context("could not send the event")?;
        let mut text = String::new();
        stream.read_to_string(&mut text).context("could not read the answer")?;
        let (head, body) = text.split_once("\r\n\r\n").context("the answer has no head")?;
        let status = head.split(' ').nth(1).and_then(|it| it.parse().ok());
        Ok(Answer { status: status.context("the answer has no status")?, body: body.to_owned() })
    }

    /// Asks the server to end and waits until it has.
    pub(super) fn stop(mut self) -> Result<()> {
        let id = self.child.id().to_string();
        let status = Command::new("kill").args(["-TERM", &id]).status();
        ensure!(status.is_ok_and(|it| it.success()), "could not ask the server to stop");
        // Its end of the pipe closes when it ends.
        loop {
            match self.lines.recv_timeout(PATIENCE) {
                Ok(_) => {}
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => bail!("the server did not stop when asked to"),
            }
        }
        let status = self.child.wait().context("could not wait for the server")?;
        ensure!(status.success(), "the server ended badly ({status})");
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Both fail only if it has already ended, which is what is wanted.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
