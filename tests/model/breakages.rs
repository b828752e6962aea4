//! What breaks the bound: each of these is one rule of the product done wrong, and each must be found out.

use std::collections::BTreeSet;

use stateright::{Checker, HasDiscoveries, Model};
use twostep::domain::challenge::guess_budget::BudgetRules;

use super::explore::SMALL;
use super::guessing::Guessing;
use super::steps::{ATTEMPTS, COMPARISONS, FREEZES, FROZEN, OWNER_ASKED, TAKEN, WAITS};

/// One rule done wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Breakage {
    /// The code is compared, and then the attempt is counted.
    ComparesFirst,
    /// Whether one more is allowed is read, and then counted, in two transactions.
    LooksThenCounts,
    /// The failures are read, and then written plus one.
    WritesWhatItRead,
    /// Each node keeps counters of its own.
    NodesCountAlone,
    /// A node that dies gives back what it counted and did not settle.
    CrashGivesBack,
    /// A new code begins with a full budget.
    ResendRefills,
    /// So does another method.
    SwitchRefills,
    /// So does a new challenge.
    StartRefills,
    /// A new code gives the attempts of its challenge back.
    ResendGivesAttemptsBack,
    /// A challenge takes as many attempts as the budget has.
    AttemptsUnbounded,
    /// A right answer refills the budget although its challenge closed meanwhile, or has a newer code.
    LateRightRefills,
    /// The success of another purpose refills the budget.
    AnySuccessRefills,
    /// The owner's lift has no upper end.
    LiftUncapped,
    /// The owner's lift begins the count anew.
    LiftRefills,
    /// Everything is allowed at once: nobody asks the owner.
    NoFreeze,
    /// A right code is taken without asking whether it may be compared.
    TakeAsksNobody,
    /// No wait follows a failure.
    NoWait,
    /// A new code ends a wait.
    ResendEndsWait,
    /// A freeze leaves the codes under way as they are.
    FreezeLeavesCodes,
    /// A sign-in that is frozen starts a challenge all the same.
    StartIgnoresFreeze,
    /// Whoever made the last guess freezes the account, without looking whether it was meanwhile set right.
    FreezesWithoutLooking,
}

/// Two comparisons until the owner is asked, three in all: enough for whatever does not depend on the attempts of a challenge.
const TINY: Guessing =
    Guessing { rules: BudgetRules { freeze_after: 2, max_comparisons: 3, ..SMALL.rules }, installs: 1, ..SMALL };
const ONE_CHALLENGE: Guessing = Guessing { installs: 1, ..SMALL };

/// What each one breaks, in which model.
const BROKEN: [(Breakage, &str, Guessing); 21] = [
    (Breakage::ComparesFirst, COMPARISONS, TINY),
    (Breakage::LooksThenCounts, COMPARISONS, TINY),
    (Breakage::WritesWhatItRead, COMPARISONS, TINY),
    (Breakage::NodesCountAlone, COMPARISONS, TINY),
    (Breakage::CrashGivesBack, COMPARISONS, TINY),
    (Breakage::ResendRefills, COMPARISONS, TINY),
    (Breakage::SwitchRefills, COMPARISONS, TINY),
    (Breakage::StartRefills, COMPARISONS, TINY),
    (Breakage::LateRightRefills, COMPARISONS, TINY),
    (Breakage::AnySuccessRefills, COMPARISONS, TINY),
    (Breakage::LiftUncapped, COMPARISONS, TINY),
    (Breakage::LiftRefills, COMPARISONS, TINY),
    (Breakage::NoFreeze, OWNER_ASKED, TINY),
    (Breakage::ResendGivesAttemptsBack, ATTEMPTS, ONE_CHALLENGE),
    (Breakage::AttemptsUnbounded, ATTEMPTS, ONE_CHALLENGE),
    (Breakage::TakeAsksNobody, TAKEN, TINY),
    (Breakage::NoWait, WAITS, ONE_CHALLENGE),
    (Breakage::ResendEndsWait, WAITS, ONE_CHALLENGE),
    (Breakage::FreezeLeavesCodes, FROZEN, TINY),
    (Breakage::StartIgnoresFreeze, FROZEN, TINY),
    (Breakage::FreezesWithoutLooking, FREEZES, TINY),
];

impl Breakage {
    /// The model has a step of its own before the attempt is counted.
    pub fn looks_first(self) -> bool {
        matches!(self, Self::ComparesFirst | Self::LooksThenCounts | Self::WritesWhatItRead)
    }
}

#[test]
fn every_broken_rule_is_found_out() {
    for (breakage, property, model) in BROKEN {
        let model = Guessing { broken: Some(breakage), ..model };
        let enough = HasDiscoveries::AllOf(BTreeSet::from([property]));
        let checker = model.checker().finish_when(enough).spawn_bfs().join();
        let mut found = checker.discoveries();
        let path = found.remove(property).unwrap_or_else(|| panic!("{breakage:?} does no harm that the model sees"));
        println!("{breakage:?} breaks \"{property}\":\n  {:?}", path.into_actions());
    }
}
