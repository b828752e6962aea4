use async_nats::ConnectOptions;

use super::options::{LONGEST_RETRY, retry_after, with_credentials};
use super::*;

#[test]
fn the_first_try_is_at_once_and_the_wait_is_bounded() {
    assert_eq!(retry_after(1), Duration::ZERO);
    for attempts in 2..100 {
        let wait = retry_after(attempts);
        assert!(wait >= Duration::from_millis(20) && wait <= LONGEST_RETRY, "{attempts}: {wait:?}");
    }
    assert!(retry_after(usize::MAX) <= LONGEST_RETRY);
}

#[test]
fn credentials_are_a_jwt_with_a_seed_or_a_seed() {
    let seed = "SUANQDPB2RUOE4ETUA26CNX7FUKE5ZZKFCQIIW63OX225F2CO7UEXTM7ZY";
    assert!(with_credentials(ConnectOptions::new(), &format!("# a comment\n{seed}\n")).is_ok());
    let error = with_credentials(ConnectOptions::new(), "hush").expect_err("refused");
    assert!(!error.to_string().contains("hush"), "{error}");
}
