//! nas.
