//! Accepts events over HTTP and answers questions about counts.
