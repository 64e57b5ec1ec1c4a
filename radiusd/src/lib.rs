//! radiusd.
