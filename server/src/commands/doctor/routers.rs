//! What is wrong with the routers: those that cannot be read, cannot be told apart, cannot reach us, or take a risk.

use std::collections::{HashMap, HashSet};

use domain::id::NasId;
use domain::network::nas::{Nas, PortPair, SigningRule};
use domain::time::Span;
use store::network::nas::Registered;

use crate::commands::doctor::Findings;

/// Unsigned logins are told of for so long.
pub(super) const UNSIGNED_FOR: Span = Span::minutes(24 * 60);

/// Routers that are named in one finding; the others are counted.
const NAMED_MAX: usize = 5;

/// Examines the registry. `unsigned` sent a login without Message-Authenticator lately; `pairs` are the ports that this
/// machine's configuration opens for single routers.
pub(super) fn examine(registered: &Registered, unsigned: &[NasId], pairs: &[PortPair], findings: &mut Findings) {
    for faulty in &registered.faulty {
        findings.bad(
            "routers",
            format!(
                "`{}` may not ask: {}; `mnetifi nas set {} --secret-file FILE` writes its secret anew",
                faulty.name, faulty.why, faulty.name
            ),
        );
    }
    let routers: Vec<&Nas> = registered.routers.iter().map(|(nas, _)| nas).collect();
    let unsigned: HashSet<&NasId> = unsigned.iter().collect();
    let is_unsigned = |nas: &&Nas| unsigned.contains(&nas.id);
    let named = |wanted: &dyn Fn(&&Nas) -> bool| names(routers.iter().copied().filter(wanted));
    if let Some(names) = named(&|nas| nas.signing.rule == SigningRule::Allow) {
        findings.look("routers", format!("RISK: unsigned logins are allowed to {names} (CVE-2024-3596)"));
    }
    if let Some(names) = named(&|nas| is_unsigned(nas) && nas.signing.demands()) {
        findings.look(
            "routers",
            format!(
                "unsigned logins of {names} were dropped in the last day, for these routers always signed: are they others now?"
            ),
        );
    }
    let drops_wide = |nas: &&Nas| nas.is_wide() && !nas.signing.demands() && nas.signing.rule != SigningRule::Allow;
    if let Some(names) = named(&|nas| is_unsigned(nas) && drops_wide(nas)) {
        findings.look(
            "routers",
            format!(
                "unsigned logins of {names} were dropped in the last day, for these routers may ask from many addresses: update \
                 RouterOS to 7.15 or newer, or give each its own address"
            ),
        );
    }
    if let Some(names) = named(&|nas| is_unsigned(nas) && nas.signing.is_open() && !nas.is_wide()) {
        findings
            .look("routers", format!("{names} sent unsigned logins in the last day: update RouterOS to 7.15 or newer"));
    }
    if let Some(names) = named(&|nas| nas.port_pair.is_some_and(|pair| !pairs.contains(&pair))) {
        findings.bad("routers", format!("nobody listens on the ports of {names}: add them to radius.extra_ports"));
    }
    tell_of_twins(registered, findings);
}

/// Routers of one network and one secret that no name tells apart.
fn tell_of_twins(registered: &Registered, findings: &mut Findings) {
    let mut alike: HashMap<_, Vec<&Nas>> = HashMap::new();
    for (nas, secret) in &registered.routers {
        let key = (nas.port_pair, nas.address.trunc(), secret.expose(), &nas.identifier, &nas.realm);
        alike.entry(key).or_default().push(nas);
    }
    for twins in alike.values().filter(|twins| twins.len() > 1) {
        if let Some(names) = names(twins.iter().copied()) {
            findings.bad(
                "routers",
                format!(
                    "{names} have one address, one secret and no name to tell them apart: give each a secret of its \
                     own, or `mnetifi nas set … --identifier` with its /system identity"
                ),
            );
        }
    }
}

/// The first few by name; `None` when there is none.
fn names<'n>(routers: impl Iterator<Item = &'n Nas>) -> Option<String> {
    let names: Vec<String> = routers.map(|nas| format!("`{}`", nas.name)).collect();
    let more = names.len().saturating_sub(NAMED_MAX);
    let first = names.iter().take(NAMED_MAX).cloned().collect::<Vec<_>>().join(", ");
    match (names.is_empty(), more) {
        (true, _) => None,
        (false, 0) => Some(first),
        (false, more) => Some(format!("{first} and {more} more")),
    }
}

#[cfg(test)]
mod tests {
    use domain::id::TenantId;
    use domain::network::nas::{Signing, Vendor};
    use domain::secret::SecretBytes;
    use domain::time::Timestamp;
    use store::StoreError;
    use store::network::nas::Faulty;

    use super::*;

    fn router(id: u8, change: impl FnOnce(&mut Nas)) -> (Nas, SecretBytes) {
        let mut nas = Nas {
            id: NasId::from_bytes([id; 16]),
            tenant: TenantId::from_bytes([1; 16]),
            name: format!("r{id}").parse().expect("good"),
            address: "192.0.2.1/32".parse().expect("good"),
            identifier: None,
            realm: None,
            port_pair: None,
            vendor: Vendor::Mikrotik,
            coa_port: 3_799,
            signing: Signing::default(),
        };
        change(&mut nas);
        (nas, SecretBytes::new(b"testing123".to_vec()))
    }

    fn told(routers: Vec<(Nas, SecretBytes)>, unsigned: &[u8]) -> String {
        let faulty = Faulty {
            tenant: TenantId::from_bytes([1; 16]),
            id: NasId::from_bytes([9; 16]),
            name: "broken".to_owned(),
            why: StoreError::WrongMasterKey,
        };
        let unsigned: Vec<NasId> = unsigned.iter().map(|id| NasId::from_bytes([*id; 16])).collect();
        let mut findings = Findings::default();
        examine(&Registered { routers, faulty: vec![faulty] }, &unsigned, &[], &mut findings);
        findings.0.iter().map(|finding| finding.detail.clone()).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn each_trouble_is_told_with_the_routers_that_have_it() {
        let text = told(
            vec![
                router(1, |nas| nas.signing.rule = SigningRule::Allow),
                router(2, |nas| nas.signing.raised_at = Some(Timestamp::from_seconds(1))),
                router(3, |nas| nas.address = "10.0.0.0/8".parse().expect("good")),
                router(4, |nas| nas.port_pair = PortPair::of_auth(20_000)),
            ],
            &[2, 3],
        );

        assert!(text.contains("`broken` may not ask"), "{text}");
        assert!(text.contains("allowed to `r1` "), "{text}");
        assert!(text.contains("of `r2` were dropped in the last day, for these routers always signed"), "{text}");
        assert!(text.contains("of `r3` were dropped in the last day, for these routers may ask from many"), "{text}");
        assert!(text.contains("ports of `r4`:"), "{text}");
        assert!(text.contains("`r1`, `r2` have one address, one secret"), "{text}");
    }

    #[test]
    fn names_tell_routers_apart() {
        let named = |id, name: &str| router(id, |nas| nas.identifier = Some(name.to_owned()));

        assert!(!told(vec![named(1, "tower"), named(2, "mast")], &[]).contains("one secret"));
        assert!(told(vec![named(1, "MikroTik"), named(2, "MikroTik")], &[]).contains("one secret"));
    }
}
