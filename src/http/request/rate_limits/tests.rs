use jiff::Timestamp;
use uuid::Uuid;

use super::*;

fn limits() -> Limits {
    let writes = NonZeroU32::new(60).expect("not zero");
    Limits::new(LimitSettings { writes, ..LimitSettings::all(3) })
}

fn network(ip: &str) -> Option<Network> {
    Some(Network::of(ip.parse().expect("an address")))
}

fn session(account: u128, device: u128, session: u128, device_trusted: bool) -> ActiveSession {
    ActiveSession {
        account_id: AccountId::new(Uuid::from_u128(account)),
        session_id: SessionId::new(Uuid::from_u128(session)),
        device_id: DeviceId::new(Uuid::from_u128(device)),
        device_trusted,
        access_expires_at: Timestamp::UNIX_EPOCH,
        locale: None,
    }
}

fn writes(limits: &Limits, session: &ActiveSession) -> usize {
    (0..200).take_while(|_| limits.spend_write(session).is_ok()).count()
}

#[test]
fn a_network_gets_no_more_than_its_share_and_others_theirs() {
    let limits = limits();
    let here = network("192.0.2.1");
    for _ in 0..3 {
        assert!(limits.check(Limited::SignIn, here).is_ok());
    }
    assert!(limits.check(Limited::SignIn, here).is_err());
    assert!(limits.check(Limited::Accounts, here).is_ok());
    assert!(limits.check(Limited::SignIn, network("192.0.2.2")).is_ok());
    let neighbours = ["2001:db8::1", "2001:db8::2", "2001:db8::3"].map(network);
    assert!(neighbours.iter().all(|one| limits.check(Limited::SignIn, *one).is_ok()));
    assert!(limits.check(Limited::SignIn, network("2001:db8::4")).is_err());
}

#[test]
fn no_address_is_exempt() {
    let limits = limits();
    for address in ["127.0.0.1", "127.0.0.9", "::1", "::ffff:127.0.0.1", "0.0.0.0"] {
        assert!((0..100).any(|_| limits.check(Limited::SignIn, network(address)).is_err()), "{address}");
    }
    assert!((0..100).all(|_| limits.check(Limited::SignIn, None).is_ok()), "who is exempt is no address");
}

#[test]
fn every_limit_has_a_place_of_its_own() {
    for (at, what) in Limited::ALL.into_iter().enumerate() {
        assert_eq!(what as usize, at);
    }
}

#[test]
fn one_trusted_device_cannot_stop_another_and_strangers_stop_neither() {
    let limits = limits();
    let stranger = session(1, 1, 1, false);
    let stolen = session(1, 2, 2, true);
    let owner = session(1, 3, 3, true);
    assert_eq!(writes(&limits, &stranger), 5 + 30, "its own few, then the account's");
    assert_eq!(writes(&limits, &stolen), 30);
    assert_eq!(writes(&limits, &owner), 30);
}

#[test]
fn sessions_that_are_not_trusted_share_a_budget_and_have_a_few_changes_of_their_own() {
    let limits = limits();
    assert_eq!(writes(&limits, &session(1, 1, 1, false)), 35);
    assert_eq!(writes(&limits, &session(1, 2, 2, false)), 5, "what is shared is spent");
    assert_eq!(writes(&limits, &session(2, 3, 3, false)), 35, "another account");
}
