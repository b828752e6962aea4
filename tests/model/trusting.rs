//! Reports and trust as a model: an owner and an intruder, each with sessions and copies of tokens, in every order.
//!
//! Whatever the intruder does alone, the owner's devices stay; whatever the intruder did before, the owner's report has its effect;
//! and of a chain of trust tokens two never go on side by side.

use stateright::{Checker, Model, Property};
use twostep::domain::account::owner::{Link, Undo, Worth, speaks_for_owner, undo, worth};
use twostep::domain::delivery::Acting;
use twostep::domain::value::id::{DeviceId, SessionId};
use uuid::Uuid;

/// Tokens of the chain that are told apart.
const CHAIN: usize = 4;

/// What is wrong with a model, to show that its properties can fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Breakage {
    AnybodySpeaks,
    FirstReportCounts,
    SignInsAreNotNamed,
    SuccessorsAreRandom,
    UsedTokensStayGood,
}

/// An account with the owner's phone and tablet, an intruder's guest session, and an intruder with a copy of the tablet's trust token.
#[derive(Debug, Clone, Copy)]
struct Trusting {
    broken: Option<Breakage>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct World {
    guest_lives: bool,
    /// The guest's sign-in was reported, by anybody and by the owner.
    guest_reported: [bool; 2],
    /// The session that the copied token let in.
    thief_lives: bool,
    thief_reported: bool,
    tablet_trusted: bool,
    phone_trusted: bool,
    frozen: bool,
    /// The owner said so.
    frozen_by_owner: bool,
    chain: Chain,
}

/// The tablet's trust tokens: how far each was used, and which one owner and thief have. A broken chain has two ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Chain {
    used: [bool; CHAIN],
    /// Used for longer than the grace.
    used_long: [bool; CHAIN],
    owner_has: usize,
    thief_has: usize,
    is_over: bool,
    /// Of a broken model: the thief's successors are others than the owner's.
    has_forked: bool,
    /// Somebody was answered with a token whose successor had long been used: two go on side by side.
    goes_on_beside: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Step {
    GuestReportsItself,
    GuestReportsTheOwner,
    GuestUnfreezes,
    OwnerReportsTheGuest,
    OwnerReportsTheThief,
    OwnerUnfreezes,
    OwnerSignsIn,
    ThiefSignsIn,
    TimePasses,
}

impl Trusting {
    fn is(&self, breakage: Breakage) -> bool {
        self.broken == Some(breakage)
    }

    /// A token of the chain is shown.
    fn show(&self, world: &mut World, by_thief: bool) -> Option<()> {
        let chain = &mut world.chain;
        let shown = if by_thief { chain.thief_has } else { chain.owner_has };
        if chain.is_over || shown + 1 >= CHAIN || !world.tablet_trusted {
            return None;
        }
        let link = match (chain.used[shown], chain.used[shown + 1], chain.used_long[shown + 1]) {
            (false, _, _) => Link::Unused,
            (true, false, _) => Link::SuccessorUnused,
            (true, true, false) => Link::SuccessorJustUsed,
            (true, true, true) => Link::SuccessorUsed,
        };
        match worth(link) {
            Worth::Theft if !self.is(Breakage::UsedTokensStayGood) => {
                chain.is_over = true;
                world.tablet_trusted = false;
                world.thief_lives = false;
                return Some(());
            }
            Worth::Theft => chain.goes_on_beside = true,
            Worth::Successor => {}
        }
        chain.has_forked |= self.is(Breakage::SuccessorsAreRandom) && chain.used[shown];
        chain.used[shown] = true;
        if by_thief {
            chain.thief_has = shown + 1;
            world.thief_lives = true;
            world.thief_reported = false;
        } else {
            chain.owner_has = shown + 1;
        }
        Some(())
    }

    fn report(&self, world: &mut World, speaks: bool, of_guest: bool) {
        let phone = Acting { device_id: DeviceId::new(Uuid::from_u128(1)), session_id: SessionId::new(Uuid::nil()) };
        let device = DeviceId::new(Uuid::from_u128(if of_guest { 2 } else { 3 }));
        let named = !self.is(Breakage::SignInsAreNotNamed) || of_guest;
        let is_first = match of_guest {
            true if self.is(Breakage::FirstReportCounts) => !world.guest_reported[0] && !world.guest_reported[1],
            true => !world.guest_reported[usize::from(speaks)],
            false => !world.thief_reported,
        };
        if of_guest {
            world.guest_reported[usize::from(speaks)] = true;
        } else {
            world.thief_reported = true;
        }
        if !speaks || !is_first {
            return;
        }
        if let Undo::Device(_) = undo(phone, named.then_some(device), None) {
            if of_guest {
                world.guest_lives = false;
            } else {
                world.thief_lives = false;
                world.tablet_trusted = false;
            }
        }
        world.frozen = true;
    }
}

impl Model for Trusting {
    type State = World;
    type Action = Step;

    fn init_states(&self) -> Vec<World> {
        let chain = Chain {
            used: [false; CHAIN],
            used_long: [false; CHAIN],
            owner_has: 0,
            thief_has: 0,
            is_over: false,
            has_forked: false,
            goes_on_beside: false,
        };
        vec![World {
            guest_lives: true,
            guest_reported: [false; 2],
            thief_lives: false,
            thief_reported: false,
            tablet_trusted: true,
            phone_trusted: true,
            frozen: false,
            frozen_by_owner: false,
            chain,
        }]
    }

    fn actions(&self, _: &World, steps: &mut Vec<Step>) {
        steps.extend([
            Step::GuestReportsItself,
            Step::GuestReportsTheOwner,
            Step::GuestUnfreezes,
            Step::OwnerReportsTheGuest,
            Step::OwnerReportsTheThief,
            Step::OwnerUnfreezes,
            Step::OwnerSignsIn,
            Step::ThiefSignsIn,
            Step::TimePasses,
        ]);
    }

    fn next_state(&self, before: &World, step: Step) -> Option<World> {
        let mut world = *before;
        let guest_speaks = speaks_for_owner(false, true, true) || self.is(Breakage::AnybodySpeaks);
        match step {
            Step::GuestReportsItself if world.guest_lives => self.report(&mut world, false, true),
            Step::GuestReportsTheOwner if world.guest_lives => {
                if guest_speaks {
                    world.phone_trusted = false;
                    world.frozen = true;
                }
            }
            Step::GuestUnfreezes if world.guest_lives && guest_speaks => {
                (world.frozen, world.frozen_by_owner) = (false, false);
            }
            Step::OwnerReportsTheGuest => {
                self.report(&mut world, true, true);
                world.frozen_by_owner = world.frozen;
            }
            Step::OwnerReportsTheThief if world.thief_lives => {
                self.report(&mut world, true, false);
                world.frozen_by_owner = world.frozen;
            }
            Step::OwnerUnfreezes => (world.frozen, world.frozen_by_owner) = (false, false),
            Step::OwnerSignsIn => self.show(&mut world, false)?,
            Step::ThiefSignsIn => self.show(&mut world, true)?,
            Step::TimePasses => world.chain.used_long = world.chain.used,
            _ => return None,
        }
        (world != *before).then_some(world)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("an intruder takes nothing from the owner", |_, world: &World| world.phone_trusted),
            Property::always("nobody is frozen but by the owner", |_, world: &World| {
                world.frozen == world.frozen_by_owner
            }),
            Property::always("whom the owner reported is out", |_, world: &World| {
                !(world.guest_reported[1] && world.guest_lives || world.thief_reported && world.thief_lives)
            }),
            Property::always("a chain has one end", |_, world: &World| !world.chain.has_forked),
            Property::always("two do not go on side by side", |_, world: &World| !world.chain.goes_on_beside),
            Property::sometimes("a theft is found out", |_, world: &World| world.chain.is_over),
        ]
    }
}

fn explore(broken: Option<Breakage>) -> Vec<&'static str> {
    let checker = Trusting { broken }.checker().spawn_bfs().join();
    assert!(checker.is_done());
    println!("{broken:?}: {} states, up to {} steps deep", checker.unique_state_count(), checker.max_depth());
    let found = checker.discoveries().into_keys();
    found.filter(|name| *name != "a theft is found out").collect()
}

#[test]
fn an_intruder_takes_nothing_and_a_report_has_its_effect_in_every_order() {
    let checker = Trusting { broken: None }.checker().spawn_bfs().join();
    assert!(checker.discovery("a theft is found out").is_some());
    let broken = explore(None);
    assert!(broken.is_empty(), "{broken:?}");
}

#[test]
fn each_rule_is_needed() {
    for breakage in [
        Breakage::AnybodySpeaks,
        Breakage::FirstReportCounts,
        Breakage::SignInsAreNotNamed,
        Breakage::SuccessorsAreRandom,
        Breakage::UsedTokensStayGood,
    ] {
        assert!(!explore(Some(breakage)).is_empty(), "{breakage:?} breaks nothing");
    }
}
