//! What the bytes are, and what bytes are refused.
