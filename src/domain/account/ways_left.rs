//! How many ways in an owner has left on a new device, besides the password: who has none is locked out by the next one.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::domain::delivery::{EmailFallback, Reach};
use crate::domain::device::Platform;
use crate::domain::value::string_enum::words;

words! {
    /// How many ways are left.
    NumberOfWays("number of ways left") {
        /// None: a new device is not let in.
        None = "0",
        /// One: whatever ends it locks the owner out.
        One = "1",
        /// Two.
        Two = "2",
        /// Three or more.
        More = "3+",
    }
}

words! {
    /// How long ago a device registered for push, or was met where it did not.
    RegistrationAge("age of a registration") {
        /// Less than 7 days.
        Week = "week",
        /// Less than 30 days.
        Month = "month",
        /// Less than 90 days.
        Quarter = "quarter",
        /// Longer.
        Older = "older",
    }
}

/// A trusted device, as codes get to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeviceStands {
    /// It has a live connection, as far as that is written down.
    pub is_connected: bool,
    /// How else it is reached.
    pub reach: Reach,
}

/// What an owner could come in by.
#[derive(Debug, Clone, Copy)]
pub struct Ways<'a> {
    /// The trusted devices.
    pub devices: &'a [DeviceStands],
    /// Recovery codes that are not used yet.
    pub recovery_codes: u32,
    /// An authenticator app was confirmed.
    pub has_authenticator: bool,
    /// The account has a mailbox.
    pub has_mailbox: bool,
}

impl DeviceStands {
    /// Whether a code reaches it now.
    #[must_use]
    pub fn gets_code(&self) -> bool {
        self.is_connected || self.reach.unreachable_reason().is_none()
    }
}

impl Ways<'_> {
    /// How many of them are left, each independent of the others: every device that a code reaches, all recovery codes together, which are
    /// on one sheet of paper, the authenticator app, and the mailbox, where codes may go there.
    #[must_use]
    pub fn left(&self, fallback: EmailFallback) -> NumberOfWays {
        let devices = self.devices.iter().filter(|device| device.gets_code()).count();
        let paper = usize::from(self.recovery_codes > 0);
        let mailbox = usize::from(self.has_mailbox && fallback.is_a_way());
        match devices + paper + usize::from(self.has_authenticator) + mailbox {
            0 => NumberOfWays::None,
            1 => NumberOfWays::One,
            2 => NumberOfWays::Two,
            _ => NumberOfWays::More,
        }
    }
}

impl RegistrationAge {
    /// Of a registration so long ago.
    #[must_use]
    pub fn of(age: SignedDuration) -> Self {
        match age.as_hours() / 24 {
            ..7 => Self::Week,
            7..30 => Self::Month,
            30..90 => Self::Quarter,
            _ => Self::Older,
        }
    }
}

/// Accounts that have two-step verification on, by the ways that are left.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountsByWays {
    /// With none.
    pub none: u64,
    /// With one.
    pub one: u64,
    /// With two.
    pub two: u64,
    /// With three or more.
    pub more: u64,
}

impl AccountsByWays {
    /// All of them.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.none + self.one + self.two + self.more
    }

    /// Those with so many.
    #[must_use]
    pub fn with(&self, ways: NumberOfWays) -> u64 {
        match ways {
            NumberOfWays::None => self.none,
            NumberOfWays::One => self.one,
            NumberOfWays::Two => self.two,
            NumberOfWays::More => self.more,
        }
    }

    /// With those of another count added.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            none: self.none + other.none,
            one: self.one + other.one,
            two: self.two + other.two,
            more: self.more + other.more,
        }
    }
}

/// Trusted devices of one platform and age.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceCount {
    /// What they run on.
    pub platform: Platform,
    /// How long ago they registered.
    pub age: RegistrationAge,
    /// How many there are.
    pub devices: u64,
    /// How many of them a code reaches now.
    pub reachable: u64,
}

/// What came of asking sleeping devices whether a push reaches them, within a week.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DrillCount {
    /// Devices that were asked.
    pub devices: u64,
    /// Devices that answered.
    pub devices_answered: u64,
    /// Accounts with a device that was asked.
    pub accounts: u64,
    /// Accounts with a device that answered: these could get a code.
    pub accounts_answered: u64,
}

impl DrillCount {
    /// With what was counted of other accounts added.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            devices: self.devices + other.devices,
            devices_answered: self.devices_answered + other.devices_answered,
            accounts: self.accounts + other.accounts,
            accounts_answered: self.accounts_answered + other.accounts_answered,
        }
    }
}

/// What was counted over all accounts that have two-step verification on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReachFigures {
    /// The accounts.
    pub accounts: AccountsByWays,
    /// Their trusted devices, by platform and age.
    pub devices: Vec<DeviceCount>,
    /// What came of the drill; nothing was asked where it is off.
    #[serde(default)]
    pub drill: DrillCount,
}

impl ReachFigures {
    /// Adds devices to those of their platform and age.
    pub fn add_devices(&mut self, counted: Vec<DeviceCount>) {
        for more in counted {
            let same = self.devices.iter_mut().find(|of| (of.platform, of.age) == (more.platform, more.age));
            match same {
                Some(of) => {
                    of.devices += more.devices;
                    of.reachable += more.reachable;
                }
                None => self.devices.push(more),
            }
        }
        self.devices.sort_unstable_by_key(|of| (of.platform, of.age));
    }
}

/// The last count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReachReport {
    /// When it ended.
    pub counted_at: Timestamp,
    /// What was counted.
    pub figures: ReachFigures,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn device(is_connected: bool, notifications_allowed: bool) -> DeviceStands {
        let reach = Reach { notifications_allowed, has_push_address: true, push_address_expired: false };
        DeviceStands { is_connected, reach }
    }

    #[test]
    fn each_device_is_a_way_and_so_are_all_recovery_codes_together_the_authenticator_and_the_mailbox() {
        let ways = |devices, recovery_codes, has_mailbox| Ways {
            devices,
            recovery_codes,
            has_authenticator: false,
            has_mailbox,
        };
        let none = [device(false, false)];
        let two = [device(true, false), device(false, true), device(false, false)];
        for (of, fallback, expected) in [
            (ways(&none, 0, true), EmailFallback::Off, NumberOfWays::None),
            (ways(&none, 0, true), EmailFallback::Allow, NumberOfWays::One),
            (ways(&none, 0, true), EmailFallback::RecoveryOnly, NumberOfWays::One),
            (ways(&none, 10, false), EmailFallback::Allow, NumberOfWays::One),
            (ways(&two, 0, false), EmailFallback::Off, NumberOfWays::Two),
            (ways(&two, 1, true), EmailFallback::Allow, NumberOfWays::More),
            (Ways { has_authenticator: true, ..ways(&none, 0, true) }, EmailFallback::Off, NumberOfWays::One),
            (Ways { has_authenticator: true, ..ways(&two, 0, true) }, EmailFallback::Off, NumberOfWays::More),
        ] {
            assert_eq!(of.left(fallback), expected, "{of:?} {fallback}");
        }
    }

    #[test]
    fn an_age_is_that_of_whole_days() {
        let age = |hours| RegistrationAge::of(SignedDuration::from_hours(hours));
        assert_eq!([0, 167, 168].map(age), [RegistrationAge::Week, RegistrationAge::Week, RegistrationAge::Month]);
        assert_eq!(
            [719, 720, 2160].map(age),
            [RegistrationAge::Month, RegistrationAge::Quarter, RegistrationAge::Older]
        );
    }
}
