//! Estimates how many distinct byte strings were seen, in exactly the bytes and numbers Redis uses.
