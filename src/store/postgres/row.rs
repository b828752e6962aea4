//! From columns to domain types.

use std::str::FromStr;

use jiff::SignedDuration;
use tokio_postgres::Row;
use tokio_postgres::types::FromSql;
use uuid::Uuid;

use crate::domain::account::locale::Locale;
use crate::domain::account::owner::Link;
use crate::domain::account::zone::ZoneName;
use crate::domain::code::KeyId;
use crate::domain::device::token::TokenHash;
use crate::store::StoreError;

pub(in crate::store) fn get<'a, T: FromSql<'a>>(row: &'a Row, column: &str) -> Result<T, StoreError> {
    row.try_get(column).map_err(|error| StoreError::Corrupt(error.to_string()))
}

pub(in crate::store) fn id<T>(row: &Row, column: &str, make: fn(Uuid) -> T) -> Result<T, StoreError> {
    get::<Uuid>(row, column).map(make)
}

pub(in crate::store) fn optional_id<T>(row: &Row, column: &str, make: fn(Uuid) -> T) -> Result<Option<T>, StoreError> {
    Ok(get::<Option<Uuid>>(row, column)?.map(make))
}

pub(in crate::store) fn word<T: FromStr<Err = crate::domain::value::string_enum::UnknownWord>>(
    row: &Row,
    column: &str,
) -> Result<T, StoreError> {
    get::<&str>(row, column)?
        .parse()
        .map_err(|error: crate::domain::value::string_enum::UnknownWord| StoreError::Corrupt(error.to_string()))
}

pub(in crate::store) fn optional_word<T: FromStr<Err = crate::domain::value::string_enum::UnknownWord>>(
    row: &Row,
    column: &str,
) -> Result<Option<T>, StoreError> {
    get::<Option<&str>>(row, column)?
        .map(|text| {
            text.parse()
                .map_err(|error: crate::domain::value::string_enum::UnknownWord| StoreError::Corrupt(error.to_string()))
        })
        .transpose()
}

/// The language tag in `locale`, if there is one.
pub(in crate::store) fn locale(row: &Row) -> Result<Option<Locale>, StoreError> {
    let tag = get::<Option<&str>>(row, "locale")?.map(Locale::parse).transpose();
    tag.map_err(|error| StoreError::Corrupt(format!("locale {error}")))
}

/// The clock in `time_zone`, if somebody said one.
pub(in crate::store) fn time_zone(row: &Row) -> Result<Option<ZoneName>, StoreError> {
    Ok(get::<Option<&str>>(row, "time_zone")?.and_then(ZoneName::read))
}

pub(in crate::store) fn json<T: serde::de::DeserializeOwned>(row: &Row, column: &str) -> Result<T, StoreError> {
    let value: serde_json::Value = get(row, column)?;
    serde_json::from_value(value).map_err(|error| StoreError::Corrupt(format!("{column}: {error}")))
}

/// How a token of a chain stands.
pub(in crate::store) fn chain_link(row: &Row) -> Result<Link, StoreError> {
    Ok(match (get(row, "is_used")?, get(row, "is_successor_used")?, get(row, "is_successor_just_used")?) {
        (false, _, _) => Link::Unused,
        (true, false, _) => Link::SuccessorUnused,
        (true, true, true) => Link::SuccessorJustUsed,
        (true, true, false) => Link::SuccessorUsed,
    })
}

/// The key that the successor of a token was derived with, if it was used.
pub(in crate::store) fn successor_key(row: &Row) -> Result<Option<KeyId>, StoreError> {
    Ok(get::<Option<&str>>(row, "successor_key")?.and_then(KeyId::parse))
}

/// A count that SQL holds in a signed type.
pub(in crate::store) fn count<T: TryFrom<i32>>(row: &Row, column: &str) -> Result<T, StoreError> {
    let value: i32 = get(row, column)?;
    T::try_from(value).map_err(|_| StoreError::Corrupt(format!("{column} is out of range")))
}

/// As [`count`], for `smallint` columns.
pub(in crate::store) fn small_count<T: TryFrom<i16>>(row: &Row, column: &str) -> Result<T, StoreError> {
    let value: i16 = get(row, column)?;
    T::try_from(value).map_err(|_| StoreError::Corrupt(format!("{column} is out of range")))
}

/// As [`count`], for `bigint` columns.
pub(in crate::store) fn big_count(row: &Row, column: &str) -> Result<u64, StoreError> {
    let value: i64 = get(row, column)?;
    u64::try_from(value).map_err(|_| StoreError::Corrupt(format!("{column} is out of range")))
}

pub(in crate::store) fn token_hash(row: &Row, column: &str) -> Result<TokenHash, StoreError> {
    let bytes: &[u8] = get(row, column)?;
    bytes.try_into().map(TokenHash::from_bytes).map_err(|_| StoreError::Corrupt(format!("{column} is no SHA-256")))
}

/// A small count, for instance a generation, as SQL's `integer`.
pub(in crate::store) fn as_integer(count: u32) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

/// A duration as `double precision` seconds.
pub(in crate::store) fn seconds(duration: SignedDuration) -> f64 {
    duration.as_secs_f64()
}

/// Rows of many questions, by the question that each answers: its column `place` counts them from 1.
pub(in crate::store) fn by_place<T>(
    rows: &[Row],
    questions: usize,
    read: impl Fn(&Row) -> Result<T, StoreError>,
) -> Result<Vec<Vec<T>>, StoreError> {
    let mut found: Vec<Vec<T>> = std::iter::repeat_with(Vec::new).take(questions).collect();
    for row in rows {
        let place: i64 = get(row, "place")?;
        let question = usize::try_from(place - 1).ok().and_then(|index| found.get_mut(index));
        question.ok_or_else(|| StoreError::Corrupt("an answer to no question".to_owned()))?.push(read(row)?);
    }
    Ok(found)
}

/// As [`by_place`], where a question has one row or none.
pub(in crate::store) fn one_by_place<T>(
    rows: &[Row],
    questions: usize,
    read: impl Fn(&Row) -> Result<T, StoreError>,
) -> Result<Vec<Option<T>>, StoreError> {
    Ok(by_place(rows, questions, read)?.into_iter().map(|mut found| found.pop()).collect())
}
