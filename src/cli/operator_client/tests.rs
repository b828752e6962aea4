use super::*;

fn none() -> Result<SecretString, String> {
    Err("there is none".to_owned())
}

#[test]
fn an_account_is_named_by_its_address_or_its_id() {
    let id = Uuid::from_u128(7);
    assert_eq!("anna@example.com".parse(), Ok(Who::Email("anna@example.com".to_owned())));
    assert_eq!(id.to_string().parse(), Ok(Who::Id(id)));
    assert_eq!("subject:a@b".parse(), Ok(Who::Subject("a@b".to_owned())));
    assert!("anna".parse::<Who>().is_err());
}

#[test]
fn one_that_listens_everywhere_is_asked_on_this_machine() {
    let url = |address: &str| Operator::at(address.parse().expect("an address"), none()).map(|operator| operator.url());
    assert_eq!(url("0.0.0.0:9090").expect("an address"), "http://127.0.0.1:9090");
    assert_eq!(url("[::]:9090").expect("an address"), "http://[::1]:9090");
    assert_eq!(url("192.0.2.1:9090").expect("an address"), "http://192.0.2.1:9090");
    assert!(matches!(url("127.0.0.1:0"), Err(ClientError::AnyPort)));
}

#[test]
fn what_is_no_address_is_refused() {
    for url in ["", "gateway:9090", "ftp://gateway", "http://"] {
        assert!(matches!(Operator::new(url, none()), Err(ClientError::Url(_))), "{url}");
    }
}
