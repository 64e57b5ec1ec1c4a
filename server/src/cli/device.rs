//! `device …`: the devices that vouchers and subscribers were used with.

use clap::{Args, Subcommand};
use domain::access::attempt::Device as Caller;
use domain::access::device::DeviceName;
use domain::people::subscriber::Username;
use domain::sales::voucher::VoucherCode;

use super::device;

/// `device …`.
#[derive(Debug, Subcommand)]
pub enum Device {
    /// List the devices of a voucher or subscriber, the last that came online first
    List(OfWhom),
    /// Give a device a name
    Name(DeviceNamed),
    /// Free a device's place and end what it has online; it may log in again with the code or password
    Release(OneDevice),
    /// Block a device: it may not use this voucher or subscription any more
    Block(OneDevice),
    /// Let a blocked device in again
    Unblock(OneDevice),
}

/// Whose devices.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub struct OfWhom {
    /// Code of the voucher
    #[arg(long, value_name = "CODE")]
    pub voucher: Option<VoucherCode>,
    /// User name of the subscriber
    #[arg(long, value_name = "NAME")]
    pub subscriber: Option<Username>,
}

/// One device of a voucher or subscriber.
#[derive(Debug, Args)]
pub struct OneDevice {
    /// The device, by its MAC address in any spelling
    #[arg(value_parser = device)]
    pub device: Caller,
    /// Whose it is
    #[command(flatten)]
    pub of: OfWhom,
}

/// `device name`.
#[derive(Debug, Args)]
pub struct DeviceNamed {
    /// The device and whose it is
    #[command(flatten)]
    pub device: OneDevice,
    /// What people call it, as "Mum's phone"
    #[arg(long, value_name = "TEXT", required_unless_present = "none", conflicts_with = "none")]
    pub name: Option<DeviceName>,
    /// Take its name away
    #[arg(long)]
    pub none: bool,
}
