//! Every store gives the same answers, and none forgets what it has acknowledged.

mod conformance;
