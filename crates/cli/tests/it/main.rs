//! The program from outside.

mod generate;
