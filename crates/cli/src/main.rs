//! The internal-events program.
fn main() {}
