//! Whom we ask: this machine, and nobody else.

use std::net::SocketAddr;
use std::str::FromStr;

use anyhow::{Context, bail};

/// An address of loopback. No other can be made, so no request ever leaves the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Target(SocketAddr);

impl Target {
    pub(crate) fn new(address: SocketAddr) -> anyhow::Result<Self> {
        if !address.ip().is_loopback() {
            bail!("`{address}` is not on this machine; load is only ever put on 127.0.0.0/8 or ::1");
        }
        Ok(Self(address))
    }

    pub(crate) fn address(self) -> SocketAddr {
        self.0
    }
}

impl FromStr for Target {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> anyhow::Result<Self> {
        Self::new(text.parse().context("write an address and a port, as 127.0.0.1:1812")?)
    }
}

#[cfg(test)]
mod tests {
    use super::Target;

    #[test]
    fn only_loopback_is_a_target() {
        for text in ["127.0.0.1:1812", "127.9.9.9:1812", "[::1]:1812"] {
            assert!(text.parse::<Target>().is_ok(), "{text}");
        }
        for text in
            ["10.0.0.1:1812", "0.0.0.0:1812", "[::]:1812", "[::ffff:127.0.0.1]:1812", "localhost:1812", "127.0.0.1"]
        {
            assert!(text.parse::<Target>().is_err(), "{text}");
        }
    }
}
