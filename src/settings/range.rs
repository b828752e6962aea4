//! Values in their range.

use std::fmt::Display;
use std::ops::RangeInclusive;

use super::SettingsError;

pub(super) fn within<T: PartialOrd + Display + Copy>(
    key: &'static str,
    value: T,
    range: RangeInclusive<T>,
) -> Result<(), SettingsError> {
    if range.contains(&value) {
        return Ok(());
    }
    let expected = format!("{} to {}", range.start(), range.end());
    Err(SettingsError::OutOfRange { key, value: value.to_string(), expected })
}
