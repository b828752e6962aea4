use core::net::{Ipv4Addr, Ipv6Addr};

use super::*;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).expect("in range")
}

fn stranger(text: &str) -> Typist {
    Typist::Stranger { ip: text.parse().expect("an address"), is_exempt: false }
}

fn device(number: u128) -> Typist {
    Typist::Device(DeviceId::new(uuid::Uuid::from_u128(number)))
}

/// How many of so many guesses at the same moment are compared.
fn compared(waits: &mut PasswordWaits<u64>, subject: u64, typists: impl Iterator<Item = Typist>) -> usize {
    typists.filter(|typist| waits.begin(subject, *typist, at(0)).is_ok()).count()
}

#[test]
fn the_tenth_wrong_password_of_a_pair_is_followed_by_a_wait_that_doubles() {
    let mut waits = PasswordWaits::default();
    let here = stranger("192.0.2.1");
    let mut now = at(0);
    let mut seconds = Vec::new();
    for _ in 0..19 {
        assert_eq!(waits.begin(1, here, now), Ok(()), "who waited as long as told may try");
        let wait = waits.check(1, here, now).err().unwrap_or_default();
        seconds.push(wait.as_secs());
        now += wait;
    }
    assert_eq!(seconds[..9], [0; 9]);
    assert_eq!(seconds[9..], [5, 10, 20, 40, 80, 160, 320, 640, 900, 900]);
    assert_eq!(waits.check(2, here, at(0)), Ok(()), "another account");
    assert_eq!(waits.check(1, stranger("192.0.2.2"), at(0)), Ok(()), "from elsewhere");
    waits.right(1, here);
    assert_eq!(waits.check(1, here, at(0)), Ok(()));
}

#[test]
fn of_sixty_at_once_ten_are_compared() {
    let mut waits = PasswordWaits::default();
    assert_eq!(compared(&mut waits, 1, (0..60).map(|_| stranger("192.0.2.1"))), 10);
    assert_eq!(compared(&mut waits, 2, (0..60).map(|_| device(7))), 10);
}

#[test]
fn right_ones_cost_nothing_however_many_come() {
    let mut waits = PasswordWaits::default();
    let here = stranger("192.0.2.1");
    for subject in 0..1000 {
        assert_eq!(waits.begin(subject, here, at(0)), Ok(()));
        waits.right(subject, here);
    }
    assert!(waits.pairs.is_empty() && waits.networks.is_empty());
}

#[test]
fn a_network_has_a_hundred_an_hour_and_a_developers_machine_as_many_as_it_likes() {
    for (text, is_exempt) in [("192.0.2.1", false), ("2001:db8::1", false), ("127.0.0.1", false), ("127.0.0.1", true)] {
        let typist = Typist::Stranger { ip: text.parse().expect("an address"), is_exempt };
        let mut waits = PasswordWaits::default();
        for subject in 0..100 {
            assert_eq!(waits.begin(subject, typist, at(60)), Ok(()));
        }
        let refused = waits.check(1000, typist, at(120)).err();
        assert_eq!(refused, (!is_exempt).then_some(SignedDuration::from_mins(59)), "{text}");
        assert_eq!(waits.check(1000, typist, at(3660)), Ok(()));
    }
}

/// An address in the host, /64 or /56 of this number, within one /48.
fn within(bits: u32, number: u32) -> Typist {
    let ip = Ipv6Addr::from_bits((0x2001_0db8_u128 << 96) | (u128::from(number) << bits));
    Typist::Stranger { ip: ip.into(), is_exempt: false }
}

#[test]
fn who_has_a_48_has_no_more_guesses_at_an_account_than_twenty() {
    for (bits, most) in [(0, 10), (64, 15), (72, 20)] {
        let hosts = (0..200).map(|number| within(bits, number));
        assert_eq!(compared(&mut PasswordWaits::default(), 1, hosts), most, "{bits}");
    }
}

#[test]
fn who_has_a_48_has_three_hundred_an_hour_over_all_accounts() {
    for (bits, most) in [(0, 100), (64, 200), (72, 300)] {
        let mut waits = PasswordWaits::default();
        let tries =
            (0..1000_u32).filter(|number| waits.begin(u64::from(*number), within(bits, number % 200), at(0)).is_ok());
        assert_eq!(tries.count(), most, "{bits}");
    }
}

#[test]
fn what_strangers_did_is_nothing_to_a_trusted_device() {
    let mut waits = PasswordWaits::default();
    compared(&mut waits, 1, (0..60).map(|_| stranger("192.0.2.1")));
    assert_eq!(waits.begin(1, device(1), at(0)), Ok(()));
    assert!(waits.check(1, stranger("192.0.2.1"), at(0)).is_err());
    compared(&mut waits, 1, (0..60).map(|_| device(1)));
    assert!(waits.check(1, device(1), at(0)).is_err() && waits.check(1, device(2), at(0)).is_ok());
}

#[test]
fn memory_is_bounded() {
    let mut waits = PasswordWaits::default();
    let mut wrong = |subject: usize, second| {
        let ip = Ipv4Addr::from_bits(u32::try_from(subject).expect("small"));
        let _ = waits.begin(subject, Typist::Stranger { ip: ip.into(), is_exempt: false }, at(second));
        (waits.pairs.len(), waits.networks.len())
    };
    for subject in 0..MAX_ENTRIES {
        wrong(subject, 0);
    }
    assert_eq!(wrong(MAX_ENTRIES, 0), (1, 1));
    for subject in 1..MAX_ENTRIES {
        wrong(subject, 1);
    }
    assert_eq!(wrong(0, 4000), (1, 1), "what is old goes first");
}
