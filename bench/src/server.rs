//! A server that is measured.

use crate::http_load::{Answers, Load};
use crate::load_bodies::Bodies;
use crate::process::{self, Running};
use anyhow::{Context as _, Result};
use std::cell::RefCell;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::process::{Command, Stdio};

/// A server that runs.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) process: Running,
    pub(crate) address: SocketAddr,
}

impl Server {
    /// Starts it, and waits until it says where it listens.
    pub(crate) fn start(command: &mut Command) -> Result<Self> {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let child = command.spawn().with_context(|| format!("could not start `{command:?}`"))?;
        let mut process = Running(child);
        let output = process.0.stdout.take().context("invariant: the output is piped")?;
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line)?;
        let address = line.trim().strip_prefix("listening on http://");
        let address = address.with_context(|| format!("`{command:?}` does not listen"))?;
        let address = address.parse().context("this is no address to connect to")?;
        Ok(Self { process, address })
    }

    /// Gives the server's processor time per event in microseconds.
    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
    pub(crate) fn burst(
        &self,
        load: Load,
        bodies: &Bodies,
        answers: &RefCell<Vec<Answers>>,
    ) -> Result<f64> {
        let start = process::time_of(&self.process.0)?;
        let next = bodies.clone();
        let answer = load.run(self.address, move || next.next())?;
        let took = process::time_of(&self.process.0)?.saturating_sub(start);
        let each = took.as_secs_f64() * 1e6 / (answer.n * bodies.events()) as f64;
        answers.borrow_mut().push(answer);
        Ok(each)
    }
}
