//! Reads what an installation has on disk and gives a catalog.
