//! What must hold for whatever stands in a file of places.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use maxminddb::Reader;

use super::place_in;
use super::record::{PART_MAX_CHARS, Record};

/// Addresses that are looked up: the ends of a search tree, and what the seeds of the corpus know.
const ADDRESSES: [IpAddr; 6] = [
    IpAddr::V4(Ipv4Addr::UNSPECIFIED),
    IpAddr::V4(Ipv4Addr::BROADCAST),
    IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2)),
    IpAddr::V4(Ipv4Addr::new(127, 0, 0, 3)),
    IpAddr::V6(Ipv6Addr::UNSPECIFIED),
    IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1)),
];

/// A whole file, and the same bytes as one record in JSON.
///
/// # Panics
/// When a place could spoil what it is shown in.
pub fn places(bytes: &[u8]) {
    if let Ok(record) = serde_json::from_slice::<Record<'_>>(bytes) {
        check(record.place());
    }
    let Ok(reader) = Reader::from_source(bytes.to_vec()) else { return };
    for address in ADDRESSES {
        check(place_in(&reader, address));
    }
}

fn check(place: Option<String>) {
    let Some(place) = place else { return };
    assert!(!place.is_empty() && place.chars().count() <= 3 * PART_MAX_CHARS + 4);
    assert!(!place.chars().any(char::is_control), "{place:?}");
}
