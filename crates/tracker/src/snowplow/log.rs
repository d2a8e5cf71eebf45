//! The file that shows an administrator what has left the installation: a line for each event.

use jiff::Timestamp;
use serde_json::json;
use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::PathBuf;

/// GitLab's `product_usage_data.log`, one object of JSON on a line.
#[derive(Debug)]
pub(super) struct UsageLog {
    path: PathBuf,
}

impl UsageLog {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// Says whether a line could be written, before anything is sent.
    pub(super) fn check(&self) -> Result<(), String> {
        self.open().map(drop).map_err(|error| {
            format!(
                "nothing is sent, for it could not be shown: {} cannot be written: {error}",
                self.path.display()
            )
        })
    }

    /// Opens the file anew each time, so that it can be rotated.
    fn open(&self) -> io::Result<File> {
        let mut options = OpenOptions::new();
        options.create(true).append(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt as _;
            options.mode(0o600);
        }
        if let Some(directory) = self.path.parent() {
            std::fs::create_dir_all(directory)?;
        }
        options.open(&self.path)
    }

    /// Writes a line for each event that was sent.
    pub(super) fn write<'e>(
        &self,
        events: impl Iterator<Item = &'e str>,
        now: i64,
    ) -> io::Result<()> {
        let time = Timestamp::from_millisecond(now).unwrap_or_default();
        let time = time.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string();
        let mut lines = String::new();
        for payload in events {
            let line = json!({
                "severity": "INFO",
                "time": time,
                "message": "sending event",
                "payload": payload,
            });
            lines.push_str(&format!("{line}\n"));
        }
        if lines.is_empty() {
            return Ok(());
        }
        self.open()?.write_all(lines.as_bytes())
    }
}
