//! What `analyze` makes of definition files.

mod corpus;
mod fixes;
mod fixture;
mod generate;
mod hostile;
mod mutations;
mod pages;
mod schemas;
