//! The tables are sorted and whole, and the constants agree with them.

use super::*;
use crate::{mikrotik, rfc2865, rfc2866, rfc2868, rfc3576, rfc5176};

#[test]
fn every_table_is_sorted_and_nothing_stands_twice() {
    assert!(DEFINITIONS.is_sorted_by(|left, right| (left.vendor, left.number) < (right.vendor, right.number)));
    assert!(BY_NAME.is_sorted_by(|left, right| left.0 < right.0));
    assert!(VENDORS.is_sorted_by(|left, right| left.number < right.number));
    for definition in all() {
        assert!(definition.values.is_sorted_by(|left, right| left.number < right.number), "{}", definition.name);
    }
}

#[test]
fn every_attribute_is_found_by_its_name_and_by_its_number() {
    assert_eq!(BY_NAME.len(), DEFINITIONS.len());
    for definition in all() {
        assert_eq!(by_name(definition.name), Some(definition));
        assert_eq!(by_name(&definition.name.to_ascii_uppercase()), Some(definition));
        assert_eq!(by_number(definition.vendor, definition.number), Some(definition));
    }
}

#[test]
fn every_value_is_found_by_its_name_and_by_its_number() {
    for definition in all() {
        for value in definition.values {
            assert_eq!(definition.value_name(value.number), Some(value.name));
            assert_eq!(definition.value_number(&value.name.to_ascii_lowercase()), Some(value.number));
        }
    }
}

#[test]
fn every_vendor_of_an_attribute_is_known() {
    for definition in all() {
        assert!(definition.vendor == 0 || vendor(definition.vendor).is_some(), "{}", definition.name);
    }
    assert_eq!(vendor(14988).map(|vendor| vendor.name), Some("Mikrotik"));
    assert!(vendors().iter().all(|known| vendor(known.number) == Some(known)));
}

#[test]
fn what_is_unknown_is_not_found() {
    assert_eq!(by_name(""), None);
    assert_eq!(by_name("User-Nam"), None);
    assert_eq!(by_name("User-Names"), None);
    assert_eq!(by_number(0, 0), None);
    assert_eq!(by_number(1, 1), None);
    assert_eq!(vendor(0), None);
    assert_eq!(by_name("Service-Type").and_then(|found| found.value_name(0)), None);
    assert_eq!(by_name("Service-Type").and_then(|found| found.value_number("Nobody")), None);
}

#[test]
fn constants_and_tables_say_the_same() {
    let rate = by_name("mikrotik-rate-limit").expect("in the vocabulary");
    assert_eq!((rate.vendor, rate.number), (mikrotik::RATE_LIMIT.vendor, mikrotik::RATE_LIMIT.number));
    assert_eq!(rate.kind, Kind::Text);

    let password = by_number(0, rfc2865::USER_PASSWORD.number).expect("in the vocabulary");
    assert_eq!((password.name, password.kind), ("User-Password", Kind::Hidden));
    assert_eq!(by_number(0, rfc2868::TUNNEL_PASSWORD.number).map(|found| found.kind), Some(Kind::Salted));

    let status = by_number(0, rfc2866::ACCT_STATUS_TYPE.number).expect("in the vocabulary");
    assert_eq!(status.value_number("start"), Some(rfc2866::acct_status_type::START));
}

#[test]
fn a_later_rfc_offers_the_values_of_the_earlier_beside_its_own() {
    assert_eq!(rfc5176::ERROR_CAUSE, rfc3576::ERROR_CAUSE);
    assert_eq!(rfc5176::error_cause::SESSION_CONTEXT_NOT_FOUND, 503);
    assert_eq!(rfc5176::error_cause::MULTIPLE_SESSION_SELECTION_UNSUPPORTED, 508);
    assert_eq!(by_name("Error-Cause").and_then(|found| found.value_name(509)), Some("Location-Info-Required"));
}
