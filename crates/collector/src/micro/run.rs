//! Names of test runs, which keep events of tests apart that run at the same time.

use crate::problem::Problem;
use hyper::HeaderMap;
use std::sync::Arc;

/// Where a request says to which run it belongs.
const RUN: &str = "x-internal-events-run";

/// Characters of a name: a UUID has 36, and a name of a test with its process about as many.
const LONGEST: usize = 64;

/// The name of a run.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Run(Arc<str>);

impl Run {
    pub(super) fn parse(name: &[u8]) -> Result<Self, Problem> {
        let is_plain = |it: &u8| it.is_ascii_alphanumeric() || b"-_.".contains(it);
        let is_name = (1..=LONGEST).contains(&name.len()) && name.iter().all(is_plain);
        match str::from_utf8(name) {
            Ok(name) if is_name => Ok(Self(name.into())),
            _ => Err(Problem::InvalidParameter(format!(
                "The name of a run has 1 to {LONGEST} characters of A-Z a-z 0-9 - _ and a dot."
            ))),
        }
    }

    /// The run that a request names in its head.
    pub(super) fn of(headers: &HeaderMap) -> Result<Option<Self>, Problem> {
        let mut given = headers.get_all(RUN).iter();
        let run = given.next().map(|it| Self::parse(it.as_bytes())).transpose()?;
        if given.next().is_some() {
            let detail = "The header X-Internal-Events-Run is there twice.";
            return Err(Problem::InvalidParameter(detail.to_owned()));
        }
        Ok(run)
    }

    /// Bytes that it takes in memory.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}
