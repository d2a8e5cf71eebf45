//! The library applications call: takes events, delivers them to every destination, evaluates metrics.
