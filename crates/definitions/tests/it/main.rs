//! What `analyze` makes of definition files.

mod corpus;
mod generate;
