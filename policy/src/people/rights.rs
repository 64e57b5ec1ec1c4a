//! What each role may do, and what somebody may do at this moment.

use std::fmt::Write as _;

use domain::people::permission::Act::{Change, Export, Make, Remove, See};
use domain::people::permission::{Act, Permissions, Thing};
use domain::people::role::{Preset, Rights, Services};
use domain::people::staff::Zoned;

/// What a role gives.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Given {
    /// What it may do.
    pub permissions: Permissions,
    /// With which kinds of service.
    pub services: Services,
}

/// What a role gives.
pub const fn of(rights: Rights) -> Given {
    match rights {
        Rights::Preset(preset) => of_preset(preset),
        Rights::Own { permissions, services } => Given { permissions, services },
    }
}

/// What a preset gives.
pub const fn of_preset(preset: Preset) -> Given {
    let services = match preset {
        Preset::Technician => Services::PppoeAndStatic,
        Preset::Owner
        | Preset::Admin
        | Preset::Billing
        | Preset::Support
        | Preset::PlatformOwner
        | Preset::PlatformSupport => Services::All,
    };
    let permissions = match preset {
        Preset::Owner => OF_AN_ISP,
        Preset::Admin => OF_AN_ISP.without(on(Thing::Billing, &[Make, Change, Remove])),
        Preset::Technician => TECHNICIAN,
        Preset::Billing => BILLING,
        Preset::Support => SUPPORT,
        Preset::PlatformOwner => PLATFORM_OWNER,
        Preset::PlatformSupport => PLATFORM_SUPPORT,
    };
    Given { permissions, services }
}

const fn on(thing: Thing, acts: &[Act]) -> Permissions {
    Permissions::on(thing, acts)
}

/// Everything that can be done in an ISP.
const OF_AN_ISP: Permissions = Permissions::everything().without(on(Thing::Platform, &Act::ALL));

/// Lines and routers. Nothing about vouchers and hotspot plans, and nobody is reassigned.
const TECHNICIAN: Permissions = on(Thing::Plans, &[See])
    .and(on(Thing::Subscribers, &[See, Make, Change]))
    .and(on(Thing::Customers, &[See, Make, Change]))
    .and(on(Thing::Routers, &[See, Change]))
    .and(on(Thing::Sessions, &[See]))
    .and(on(Thing::Usage, &[See]))
    .and(on(Thing::Decisions, &[See]))
    .and(on(Thing::Devices, &[See, Change]))
    .and(on(Thing::Zones, &[See]))
    .and(on(Thing::Exceptions, &[See]));

/// Sales, renewals and what is owed.
const BILLING: Permissions = on(Thing::Plans, &[See, Export])
    .and(on(Thing::Vouchers, &[See, Make, Change, Export]))
    .and(on(Thing::Subscribers, &[See, Change, Export]))
    .and(on(Thing::Customers, &[See, Make, Change, Export]))
    .and(on(Thing::Sessions, &[See]))
    .and(on(Thing::Usage, &[See, Export]))
    .and(on(Thing::Devices, &[See]))
    .and(on(Thing::Zones, &[See]))
    .and(on(Thing::Branches, &[See]))
    .and(on(Thing::Billing, &[See, Change]))
    .and(on(Thing::Audit, &[See]))
    .and(on(Thing::Exceptions, &[See, Change]))
    .and(on(Thing::Operations, &[See, Make, Change]))
    .and(on(Thing::Gateways, &[See]))
    .and(on(Thing::Payments, &[See, Make, Change, Export]))
    .and(on(Thing::Ledger, &[See, Make, Change, Export]))
    .and(on(Thing::Messages, &[See, Make, Change]));

/// Answers customers, and mends what can be mended at a desk.
const SUPPORT: Permissions = on(Thing::Plans, &[See])
    .and(on(Thing::Vouchers, &[See, Change]))
    .and(on(Thing::Subscribers, &[See, Change]))
    .and(on(Thing::Customers, &[See, Change]))
    .and(on(Thing::Routers, &[See]))
    .and(on(Thing::Sessions, &[See, Change]))
    .and(on(Thing::Usage, &[See]))
    .and(on(Thing::Decisions, &[See]))
    .and(on(Thing::Devices, &[See, Change]))
    .and(on(Thing::Zones, &[See]))
    .and(on(Thing::Branches, &[See]))
    .and(on(Thing::Exceptions, &[See, Change]))
    .and(on(Thing::Operations, &[See]))
    .and(on(Thing::Payments, &[See, Change]))
    .and(on(Thing::Messages, &[See, Make, Change]));

/// Runs the platform: its ISPs, its own people, keys and settings.
const PLATFORM_OWNER: Permissions = on(Thing::Platform, &Act::ALL)
    .and(on(Thing::Staff, &Act::ALL))
    .and(on(Thing::Roles, &Act::ALL))
    .and(on(Thing::Keys, &Act::ALL))
    .and(on(Thing::Settings, &Act::ALL))
    .and(on(Thing::Webhooks, &Act::ALL))
    .and(on(Thing::Audit, &Act::ALL));

/// Looks after ISPs. Acting in an ISP's place is a change.
const PLATFORM_SUPPORT: Permissions =
    on(Thing::Platform, &[See, Change]).and(on(Thing::Staff, &[See])).and(on(Thing::Audit, &[See]));

/// What somebody of the platform may do in an ISP's place: what its owner may, but nothing that would last beyond the
/// visit, or that binds the ISP. No people, roles or keys are made, nothing is bought, and nobody turns the ISP's money
/// another way: gateways and books are only looked at.
pub const WHILE_IMPERSONATING: Permissions = OF_AN_ISP
    .without(on(Thing::Staff, &[Make, Change, Remove]))
    .without(on(Thing::Roles, &[Make, Change, Remove]))
    .without(on(Thing::Keys, &[Make, Change, Remove]))
    .without(on(Thing::Billing, &[Make, Change, Remove]))
    .without(on(Thing::Gateways, &[Make, Change, Remove]))
    .without(on(Thing::Payments, &[Make]))
    .without(on(Thing::Ledger, &[Make, Change, Remove]));

/// What is known of somebody who asks for something.
#[derive(Clone, Copy, Debug)]
pub struct Standing {
    /// What their role gives.
    pub rights: Rights,
    /// Whether their ISP is the platform itself.
    pub is_platform: bool,
    /// Whether they gave a second proof beside the password when they signed in.
    pub proved_twice: bool,
    /// Whether their ISP demands one.
    pub demanded: bool,
    /// Whether they act in an ISP's place.
    pub impersonates: bool,
}

/// What somebody may do at this moment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct InForce {
    /// What they may do.
    pub given: Given,
    /// Whether they first have to set up, or give, a second proof: until then they may do nothing.
    pub lacks_second_proof: bool,
}

/// What somebody may do at this moment.
///
/// The platform's own people may do nothing before a second proof, and neither may the people of an ISP that demands
/// one. Permissions over the platform mean nothing in an ISP, whatever a role says.
pub fn in_force(standing: &Standing) -> InForce {
    let lacks_second_proof = !standing.proved_twice && (standing.is_platform || standing.demanded);
    let role = of(standing.rights);
    let given = match (lacks_second_proof, standing.impersonates, standing.is_platform) {
        (true, _, _) => Given { permissions: Permissions::NONE, services: role.services },
        (false, true, _) => Given { permissions: WHILE_IMPERSONATING, services: Services::All },
        (false, false, true) => role,
        (false, false, false) => Given { permissions: role.permissions.shared(OF_AN_ISP), ..role },
    };
    InForce { given, lacks_second_proof }
}

/// What a key may do at this moment. Permissions over the platform mean nothing in an ISP, whatever the key says.
pub fn of_key(permissions: Permissions, is_platform: bool) -> Permissions {
    if is_platform { permissions } else { permissions.shared(OF_AN_ISP) }
}

/// Why somebody may not give somebody else a role, or deal with them.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Beyond {
    /// The role can do what the giver cannot.
    #[error("that role may do more than you may: ask somebody who has it")]
    Permissions(Permissions),
    /// The role reaches further than the giver's zones or services.
    #[error("that reaches beyond your own zones or services: ask somebody who works everywhere")]
    Reach,
    /// A role of the platform in an ISP, or the other way round.
    #[error("that role is not for people of this kind: ISPs have owner, admin, technician, billing and support")]
    OtherSide,
}

/// Where and with what somebody works.
#[derive(Clone, Debug)]
pub struct Reach<'a> {
    /// What they may do.
    pub given: Given,
    /// Where.
    pub zones: &'a Zoned,
}

/// Whether somebody may give this to somebody else, or deal with somebody who has it: nobody gives what they have not.
pub fn may_give(giver: &Reach<'_>, wanted: &Reach<'_>) -> Result<(), Beyond> {
    let more = wanted.given.permissions.without(giver.given.permissions);
    if !more.is_empty() {
        return Err(Beyond::Permissions(more));
    }
    let services = giver.given.services == Services::All || wanted.given.services == giver.given.services;
    if services && giver.zones.cover(wanted.zones) { Ok(()) } else { Err(Beyond::Reach) }
}

/// Whether a role may be had by people of the platform, or of an ISP.
pub fn fits_side(rights: Rights, is_platform: bool) -> Result<(), Beyond> {
    let fits = match rights {
        Rights::Preset(preset) => preset.is_of_platform() == is_platform,
        Rights::Own { permissions, .. } => is_platform || OF_AN_ISP.cover(permissions),
    };
    if fits { Ok(()) } else { Err(Beyond::OtherSide) }
}

/// The rights of all presets as a table for people: role, thing, acts.
pub fn table() -> String {
    let mut text = String::from("role             services          thing         may\n");
    let roles = Preset::ALL.map(|preset| (preset.code(), of_preset(preset)));
    let visitor = ("impersonator", Given { permissions: WHILE_IMPERSONATING, services: Services::All });
    for (name, given) in roles.into_iter().chain([visitor]) {
        for thing in Thing::ALL {
            let acts: Vec<&str> =
                Act::ALL.into_iter().filter(|act| given.permissions.allow(thing, *act)).map(|act| act.code()).collect();
            let acts = if acts.is_empty() { "-".to_owned() } else { acts.join(" ") };
            // Writing to a text cannot fail.
            let _ = writeln!(text, "{name:<16} {:<17} {:<13} {acts}", given.services.code(), thing.code());
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use domain::id::ZoneId;

    use super::*;

    fn standing(preset: Preset) -> Standing {
        Standing {
            rights: Rights::Preset(preset),
            is_platform: preset.is_of_platform(),
            proved_twice: true,
            demanded: false,
            impersonates: false,
        }
    }

    fn allows(preset: Preset, thing: Thing, act: Act) -> bool {
        of_preset(preset).permissions.allow(thing, act)
    }

    #[test]
    fn a_technician_has_nothing_to_do_with_vouchers_or_hotspots() {
        assert!(Act::ALL.into_iter().all(|act| !allows(Preset::Technician, Thing::Vouchers, act)));
        assert_eq!(of_preset(Preset::Technician).services, Services::PppoeAndStatic);
        assert!(allows(Preset::Technician, Thing::Subscribers, Change));
        assert!(!allows(Preset::Technician, Thing::Staff, See));
    }

    #[test]
    fn no_role_of_an_isp_reaches_the_platform() {
        for preset in Preset::ALL.into_iter().filter(|preset| !preset.is_of_platform()) {
            assert!(Act::ALL.into_iter().all(|act| !allows(preset, Thing::Platform, act)), "{preset}");
        }
        let greedy = Rights::Own { permissions: Permissions::everything(), services: Services::All };
        let inside = in_force(&Standing { rights: greedy, ..standing(Preset::Owner) });
        assert!(!inside.given.permissions.allow(Thing::Platform, See));
        let key = Permissions::everything();
        assert!(!of_key(key, false).allow(Thing::Platform, See) && of_key(key, true).allow(Thing::Platform, See));
        assert_eq!(fits_side(greedy, false), Err(Beyond::OtherSide));
        assert_eq!(fits_side(Rights::Preset(Preset::PlatformOwner), false), Err(Beyond::OtherSide));
        assert_eq!(fits_side(Rights::Preset(Preset::Owner), true), Err(Beyond::OtherSide));
    }

    #[test]
    fn whoever_must_prove_themselves_twice_may_do_nothing_before() {
        let once = |standing: Standing| in_force(&Standing { proved_twice: false, ..standing });

        for must in [standing(Preset::PlatformOwner), Standing { demanded: true, ..standing(Preset::Owner) }] {
            assert_eq!(once(must).given.permissions, Permissions::NONE);
            assert!(once(must).lacks_second_proof && !in_force(&must).lacks_second_proof);
        }
        assert!(!once(standing(Preset::Owner)).lacks_second_proof);
    }

    #[test]
    fn a_visitor_of_the_platform_leaves_nobody_and_no_key_behind() {
        let visit = in_force(&Standing { impersonates: true, ..standing(Preset::PlatformOwner) }).given.permissions;

        assert!(visit.allow(Thing::Subscribers, Change) && visit.allow(Thing::Staff, See));
        for thing in [Thing::Staff, Thing::Roles, Thing::Keys, Thing::Billing] {
            assert!([Make, Change, Remove].into_iter().all(|act| !visit.allow(thing, act)), "{thing:?}");
        }
        assert!(!visit.allow(Thing::Platform, See));
    }

    #[test]
    fn nobody_gives_what_they_have_not() {
        let zone = |number| Zoned::Some(vec![ZoneId::from_bytes([number; 16])]);
        let (here, there) = (zone(1), zone(2));
        let reach = |preset, zones| Reach { given: of_preset(preset), zones };

        assert_eq!(may_give(&reach(Preset::Owner, &Zoned::All), &reach(Preset::Owner, &Zoned::All)), Ok(()));
        assert_eq!(may_give(&reach(Preset::Admin, &Zoned::All), &reach(Preset::Technician, &here)), Ok(()));
        assert!(matches!(
            may_give(&reach(Preset::Admin, &Zoned::All), &reach(Preset::Owner, &Zoned::All)),
            Err(Beyond::Permissions(more)) if more.allow(Thing::Billing, Change)
        ));
        for zones in [&there, &Zoned::All] {
            let beyond = may_give(&reach(Preset::Technician, &here), &reach(Preset::Technician, zones));
            assert_eq!(beyond, Err(Beyond::Reach));
        }
    }

    #[test]
    fn the_table_names_every_role_with_every_thing() {
        let table = table();

        assert_eq!(table.lines().count(), 1 + (Preset::ALL.len() + 1) * Thing::ALL.len());
        assert!(table.contains("technician       pppoe_and_static  vouchers      -\n"));
        assert!(table.contains("support          all               vouchers      see change\n"));
    }
}
