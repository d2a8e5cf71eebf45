//! What cannot be proven.
