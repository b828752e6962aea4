//! What breaks the ladder: each of these is one thing done wrong, and each must be found out.

use std::collections::BTreeSet;

use stateright::{Checker, HasDiscoveries, Model};

use super::steps::{BOUNDED, Climbing, ORDERLY, SETTLED};
use super::world::{OUT_OF_REACH, PUSHABLE};

/// One thing done wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Breakage {
    /// The receipt window never ends.
    WaitsForever,
    /// Other nodes are asked, and their silence means nothing.
    AsksForever,
    /// Why a device is out of reach is not written down.
    ReasonIsForgotten,
    /// A push is to follow, and none is planned.
    PlansNoPush,
    /// A device says that it cannot show the code, and nothing follows.
    NotShownIsForgotten,
    /// Whoever says on the bus that a device shows the code is believed.
    BelievesReceipts,
    /// What another node says to have sent rests where no provider knows the device.
    HearsayRests,
    /// A code that was sent is not due any more, whoever dies.
    SentIsNotDue,
    /// What a lost node had claimed stays claimed.
    NobodyTakesOver,
    /// What a living node works is taken from it.
    TakesFromTheLiving,
    /// A device that says it shows the code is pushed all the same.
    PushesWhatIsShown,
    /// A device that has a push stays due, and gets another.
    PushesTwice,
    /// Pushes are planned for a challenge that is over.
    PlansAfterTheEnd,
    /// What a provider said is not written down.
    PushOutcomeIsForgotten,
    /// A push that found no room is not given back.
    PostponedIsForgotten,
    /// It is given back, and still belongs to the node that had no room.
    PostponedStaysClaimed,
    /// A later report replaces a receipt.
    WritesOverReceipts,
}

const BROKEN: [(Breakage, &str); 17] = [
    (Breakage::WaitsForever, SETTLED),
    (Breakage::AsksForever, SETTLED),
    (Breakage::ReasonIsForgotten, SETTLED),
    (Breakage::PlansNoPush, SETTLED),
    (Breakage::NotShownIsForgotten, SETTLED),
    (Breakage::BelievesReceipts, SETTLED),
    (Breakage::HearsayRests, ORDERLY),
    (Breakage::SentIsNotDue, SETTLED),
    (Breakage::NobodyTakesOver, SETTLED),
    (Breakage::TakesFromTheLiving, BOUNDED),
    (Breakage::PushesWhatIsShown, ORDERLY),
    (Breakage::PushesTwice, BOUNDED),
    (Breakage::PlansAfterTheEnd, ORDERLY),
    (Breakage::PushOutcomeIsForgotten, SETTLED),
    (Breakage::PostponedIsForgotten, SETTLED),
    (Breakage::PostponedStaysClaimed, SETTLED),
    (Breakage::WritesOverReceipts, ORDERLY),
];

impl Breakage {
    /// The device that shows it.
    fn seen_with(self) -> &'static [usize] {
        match self {
            Self::ReasonIsForgotten | Self::HearsayRests => &[OUT_OF_REACH],
            _ => &[PUSHABLE],
        }
    }
}

#[test]
fn every_broken_step_of_the_ladder_is_found_out() {
    for (breakage, property) in BROKEN {
        let model = Climbing { devices: breakage.seen_with(), mishaps: 2, broken: Some(breakage) };
        let enough = HasDiscoveries::AllOf(BTreeSet::from([property]));
        let checker = model.checker().finish_when(enough).spawn_bfs().join();
        let mut found = checker.discoveries();
        let path = found.remove(property).unwrap_or_else(|| panic!("{breakage:?} does no harm that the model sees"));
        println!("{breakage:?} breaks \"{property}\":\n  {:?}", path.into_actions());
    }
}
