//! What `analyze` makes of definition files.

mod corpus;
mod fixture;
mod generate;
mod pages;
