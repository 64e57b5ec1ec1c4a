//! How an ISP wants its people dealt with.

use std::num::NonZeroU32;

use domain::platform::house::{HouseRules, Restriction, Unpaid};
use domain::text::RouterName;

use super::octets::{Octets, Out};
use super::plan;

const MAC_LOGIN: u8 = 1;
const RESTRICTS: u8 = 2;

pub(super) fn put(out: &mut Vec<u8>, house: &HouseRules) -> Option<()> {
    let HouseRules { mac_login, unpaid } = house;
    let mac_login = if *mac_login { MAC_LOGIN } else { 0 };
    match unpaid {
        Unpaid::Reject => out.push(mac_login),
        Unpaid::Restrict(restriction) => {
            let Restriction { pool, address_list, rate, seconds } = &**restriction;
            out.push(mac_login | RESTRICTS);
            for name in [pool, address_list] {
                out.text(name.as_ref().map_or("", RouterName::as_str).as_bytes())?;
            }
            plan::put_rate(out, rate.as_ref());
            out.u32(seconds.get());
        }
    }
    Some(())
}

pub(super) fn read(octets: &mut Octets<'_>) -> Option<HouseRules> {
    let flags = octets.u8()?;
    if flags & !(MAC_LOGIN | RESTRICTS) != 0 {
        return None;
    }
    let unpaid = if flags & RESTRICTS == 0 {
        Unpaid::Reject
    } else {
        Unpaid::Restrict(Box::new(Restriction {
            pool: plan::read_router_name(octets)?,
            address_list: plan::read_router_name(octets)?,
            rate: plan::read_rate(octets)?,
            seconds: NonZeroU32::new(octets.u32()?)?,
        }))
    };
    Some(HouseRules { mac_login: flags & MAC_LOGIN != 0, unpaid })
}
