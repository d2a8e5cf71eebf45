//! Tests of what is public.

mod documents;
