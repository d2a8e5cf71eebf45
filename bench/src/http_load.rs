//! Callers of a server: many connections, each of which sends its next request when the last one
//! is answered.

use anyhow::{Context as _, Result, bail, ensure};
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// What is sent, and how long.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Load {
    pub(crate) path: &'static str,
    pub(crate) connections: u32,
    pub(crate) duration: Duration,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answers {
    /// Requests that were answered 200; another answer ends the run.
    pub(crate) n: u64,
    /// Time from request to answer, sorted.
    latencies: Vec<Duration>,
}

impl Answers {
    /// The latency that this share of answers did not exceed.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        clippy::cast_sign_loss,
        reason = "a position among answers"
    )]
    pub(crate) fn quantile(&self, share: f64) -> Duration {
        let position = (self.latencies.len().saturating_sub(1) as f64 * share) as usize;
        self.latencies.get(position).copied().unwrap_or_default()
    }
}

impl Load {
    /// Sends one body after the other, over all connections at once. All on this thread.
    pub(crate) fn run(
        self,
        address: SocketAddr,
        body: impl Fn() -> String + 'static,
    ) -> Result<Answers> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let tasks = tokio::task::LocalSet::new();
        let body = std::rc::Rc::new(body);
        tasks.block_on(&runtime, async {
            let started = Instant::now();
            let callers: Vec<_> = (0..self.connections)
                .map(|connection| {
                    let body = std::rc::Rc::clone(&body);
                    tokio::task::spawn_local(async move {
                        let answers = self.call(address, started, &*body).await;
                        answers.with_context(|| format!("connection {connection}"))
                    })
                })
                .collect();
            let mut latencies = Vec::new();
            for caller in callers {
                latencies.extend(caller.await??);
            }
            latencies.sort_unstable();
            Ok(Answers { n: latencies.len() as u64, latencies })
        })
    }

    async fn call(
        self,
        address: SocketAddr,
        started: Instant,
        body: &dyn Fn() -> String,
    ) -> Result<Vec<Duration>> {
        let mut stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let mut latencies = Vec::new();
        let mut buffer = vec![0; 4096];
        while started.elapsed() < self.duration {
            let body = body();
            let (path, length) = (self.path, body.len());
            let request = format!(
                "POST {path} HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\n\
                 Content-Length: {length}\r\n\r\n{body}"
            );
            let sent = Instant::now();
            stream.write_all(request.as_bytes()).await?;
            read_answer(&mut stream, &mut buffer).await?;
            latencies.push(sent.elapsed());
        }
        Ok(latencies)
    }
}

/// Reads one answer and makes sure that it is a good one.
async fn read_answer(stream: &mut TcpStream, buffer: &mut [u8]) -> Result<()> {
    let mut filled = 0;
    loop {
        let n = stream.read(&mut buffer[filled..]).await?;
        ensure!(n > 0, "the server hung up");
        filled += n;
        let text = str::from_utf8(&buffer[..filled])?;
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        if !head.starts_with("HTTP/1.1 200") {
            bail!("the server answered {text}");
        }
        let length = head.lines().find_map(|it| it.strip_prefix("content-length: "));
        if body.len() >= length.context("no content-length")?.parse::<usize>()? {
            return Ok(());
        }
    }
}
