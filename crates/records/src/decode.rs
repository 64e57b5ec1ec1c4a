//! Reads a record. Whatever is not as it should be makes it no record; nothing is guessed.

use std::net::Ipv4Addr;
use std::num::NonZeroU32;

use domain::access::attempt::Device;
use domain::access::decision::{Decision, Inputs, Proved, RightSeen, Seen, TraceCode};
use domain::access::facts::{Facts, Holder, PlacesSeen};
use domain::access::grant::Grant;
use domain::access::trail::{Detail, Step};
use domain::access::usage::Recent;
use domain::id::{Id, NodeId};
use domain::mac::Mac;
use domain::people::subscriber::Standing;
use domain::platform::house::Restriction;
use domain::rate::{Bps, Burst, BurstSeconds, Bytes, Priority, RateLimit, UpDown};
use domain::sales::plan::DeviceCap;
use domain::sales::voucher::{FirstUse, VoucherState};
use domain::text::RouterName;
use domain::time::Timestamp;

use crate::code;
use crate::encode::{BLOCKED, NO_HOLDER, RESTRICTION, STEPS_MAX, VERSION};
use crate::view::View;

/// The version since which records tell of usage of periods.
const RECENT_SINCE: u8 = 2;

/// The whole of a record.
pub(crate) fn decision(view: &View<'_>, node: NodeId) -> Option<Decision> {
    let mut reader = Reader { rest: view.head(), version: VERSION };
    let version = reader.octet()?; // the view has seen that it is known
    let refusal = match reader.octet()? {
        0 => None,
        known => Some(code::refusal(known)?),
    };
    let service = code::service(reader.octet()?)?;
    let method = code::method(reader.octet()?)?;
    let answered_from = code::answered_from(reader.octet()?)?;
    let differs_only_in_case = reader.yes_or_no()?;
    let policy_version = u16::from_le_bytes(reader.array()?);
    let at = reader.instant()?;
    let trace = TraceCode::from_bytes(reader.array()?)?;
    let took_micros = u32::from_le_bytes(reader.array()?);
    let (id, tenant, nas) = (reader.id()?, reader.id()?, reader.id()?);
    let mut reader = Reader { rest: view.after_head(), version };
    let device = reader.device()?;
    let user_name = reader.text()?.to_vec();
    let framed_ip = reader.option(Reader::ipv4)?;
    let trail = reader.trail()?;
    let granted = reader.option(Reader::grant)?;
    let first_use = reader.option(|r| Some(FirstUse { since: r.instant()?, until: r.instant()? }))?;
    let passwords = reader.octet()?;
    let secrets = u32::from_le_bytes(reader.array()?);
    let proved = Proved { empty: passwords & 1 != 0, user_name: passwords & 2 != 0, secrets };
    let count = usize::from(reader.octet()?);
    if count > Facts::CANDIDATES_MAX {
        return None;
    }
    let candidates = (0..count).map(|_| reader.seen()).collect::<Option<Vec<_>>>()?;
    let holder = match reader.octet()? {
        NO_HOLDER => None,
        place => Some(candidates.get(usize::from(place))?.right.holder()),
    };
    let restriction = match reader.rest.first() {
        None => None,
        Some(&RESTRICTION) => {
            reader.octet()?;
            Some(Box::new(reader.restriction()?))
        }
        Some(_) => return None,
    };
    let inputs = Inputs { candidates, differs_only_in_case, proved, restriction };
    reader.rest.is_empty().then_some(Decision {
        id,
        trace,
        tenant,
        at,
        nas,
        node,
        user_name,
        device,
        service,
        method,
        framed_ip,
        answered_from,
        holder,
        refusal,
        policy_version,
        trail,
        granted,
        first_use,
        took_micros,
        inputs,
    })
}

/// What is left of a record.
pub(crate) struct Reader<'a> {
    pub(crate) rest: &'a [u8],
    pub(crate) version: u8,
}

impl<'a> Reader<'a> {
    fn array<const LENGTH: usize>(&mut self) -> Option<[u8; LENGTH]> {
        let (array, rest) = self.rest.split_first_chunk()?;
        self.rest = rest;
        Some(*array)
    }

    fn octet(&mut self) -> Option<u8> {
        self.array().map(|[octet]| octet)
    }

    fn yes_or_no(&mut self) -> Option<bool> {
        match self.octet()? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }

    /// What is there, or not.
    #[expect(clippy::option_option, reason = "damaged, absent, there")]
    fn option<T>(&mut self, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<Option<T>> {
        if self.yes_or_no()? { read(self).map(Some) } else { Some(None) }
    }

    fn id<Of>(&mut self) -> Option<Id<Of>> {
        self.array().map(Id::from_bytes)
    }

    fn instant(&mut self) -> Option<Timestamp> {
        self.array().map(|octets| Timestamp::from_micros(i64::from_le_bytes(octets)))
    }

    fn bytes(&mut self) -> Option<Bytes> {
        self.array().map(|octets| Bytes::new(u64::from_le_bytes(octets)))
    }

    fn ipv4(&mut self) -> Option<Ipv4Addr> {
        self.array::<4>().map(Ipv4Addr::from)
    }

    /// Octets with their length before them.
    pub(crate) fn text(&mut self) -> Option<&'a [u8]> {
        let length = usize::from(self.octet()?);
        let (text, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        Some(text)
    }

    fn name(&mut self) -> Option<RouterName> {
        std::str::from_utf8(self.text()?).ok()?.parse().ok()
    }

    pub(crate) fn device(&mut self) -> Option<Device> {
        match self.octet()? {
            0 => Some(Device::Unnamed),
            1 => self.array().map(|octets| Device::Mac(Mac::from_octets(octets))),
            2 => std::str::from_utf8(self.text()?).ok().map(|text| Device::Caller(text.to_owned())),
            _ => None,
        }
    }

    pub(crate) fn skip_device(&mut self) -> Option<()> {
        match self.octet()? {
            0 => Some(()),
            1 => self.array::<6>().map(drop),
            2 => self.text().map(drop),
            _ => None,
        }
    }

    fn trail(&mut self) -> Option<Vec<Step>> {
        let count = usize::from(self.octet()?);
        if count > STEPS_MAX {
            return None;
        }
        (0..count).map(|_| self.step()).collect()
    }

    fn step(&mut self) -> Option<Step> {
        let first = self.octet()?;
        let detail = match self.octet()? {
            0 => Detail::Nothing,
            1 => Detail::Meaning(code::meaning(self.array()?)?),
            2 => {
                let taken = u16::from_le_bytes(self.array()?);
                Detail::Places { taken, cap: u16::from_le_bytes(self.array()?) }
            }
            3 => Detail::OwnPlace,
            4 => Detail::Until(self.instant()?),
            5 => Detail::Left(self.bytes()?),
            _ => return None,
        };
        Some(Step { rule: code::rule(first >> 1)?, finding: code::finding(first & 1)?, detail })
    }

    fn grant(&mut self) -> Option<Grant> {
        Some(Grant {
            session: self.id()?,
            holder: match self.octet()? {
                0 => Holder::Voucher(self.id()?),
                1 => Holder::Subscriber(self.id()?),
                _ => return None,
            },
            service: code::line(self.octet()?)?,
            interim_seconds: u32::from_le_bytes(self.array()?),
            device_cap: DeviceCap::new(u16::from_le_bytes(self.array()?))?,
            seconds_left: self.option(|r| r.array().map(u64::from_le_bytes))?,
            data_left: self.option(Self::bytes)?,
            framed_ip: self.option(Self::ipv4)?,
            pool: self.option(Self::name)?,
            address_list: self.option(Self::name)?,
            rate: self.option(Self::rate)?,
        })
    }

    fn restriction(&mut self) -> Option<Restriction> {
        Some(Restriction {
            pool: self.option(Self::name)?,
            address_list: self.option(Self::name)?,
            rate: self.option(Self::rate)?,
            seconds: NonZeroU32::new(u32::from_le_bytes(self.array()?))?,
        })
    }

    fn rate(&mut self) -> Option<RateLimit> {
        Some(RateLimit {
            rate: self.speeds()?,
            burst: self.option(|r| {
                Some(Burst { rate: r.speeds()?, threshold: r.speeds()?, seconds: UpDown::new(r.burst()?, r.burst()?) })
            })?,
            priority: match self.octet()? {
                0 => None,
                priority => Some(Priority::new(priority)?),
            },
            minimum: self.option(Self::speeds)?,
        })
    }

    fn burst(&mut self) -> Option<BurstSeconds> {
        BurstSeconds::new(u16::from_le_bytes(self.array()?))
    }

    fn speeds(&mut self) -> Option<UpDown<Bps>> {
        let up = Bps::new(u64::from_le_bytes(self.array()?));
        Some(UpDown::new(up, Bps::new(u64::from_le_bytes(self.array()?))))
    }

    fn seen(&mut self) -> Option<Seen> {
        Some(Seen {
            right: self.right()?,
            found_by: code::found_by(self.octet()?)?,
            plan: self.id()?,
            revision: u32::from_le_bytes(self.array()?),
            used: self.bytes()?,
            recent: self.recent()?,
            places: self.places()?,
        })
    }

    fn places(&mut self) -> Option<PlacesSeen> {
        let first = self.octet()?;
        let own = match first & !BLOCKED {
            0 => None,
            held @ (1 | 2) => Some(held == 2),
            _ => return None,
        };
        Some(PlacesSeen { own, others: u16::from_le_bytes(self.array()?), is_blocked: first & BLOCKED != 0 })
    }

    fn recent(&mut self) -> Option<Recent> {
        if self.version < RECENT_SINCE {
            return Some(Recent::default());
        }
        let recent = self.option(|r| Some(Recent { day: r.bytes()?, week: r.bytes()?, month: r.bytes()? }))?;
        Some(recent.unwrap_or_default())
    }

    fn right(&mut self) -> Option<RightSeen> {
        match self.octet()? {
            0 => Some(RightSeen::Voucher { id: self.id()?, state: self.state()? }),
            1 => Some(RightSeen::Subscriber {
                id: self.id()?,
                standing: self.option(Self::instant)?.map_or(Standing::Active, |at| Standing::Suspended { at }),
                until: self.option(Self::instant)?,
                framed_ip: self.option(Self::ipv4)?,
            }),
            _ => None,
        }
    }

    fn state(&mut self) -> Option<VoucherState> {
        Some(match self.octet()? {
            0 => VoucherState::Printed { sell_by: self.option(Self::instant)? },
            1 => VoucherState::Sold {
                at: self.instant()?,
                until: self.option(Self::instant)?,
                sell_by: self.option(Self::instant)?,
            },
            2 => VoucherState::Active { since: self.instant()?, until: self.instant()? },
            3 => VoucherState::Revoked { at: self.instant()? },
            _ => return None,
        })
    }
}
