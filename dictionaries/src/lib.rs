//! dictionaries.
