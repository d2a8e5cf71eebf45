//! Keeps the journal and the counters: in memory and in one SQLite file.
