//! Which steps there are from a world, and what must hold of every world.

use stateright::{Model, Property};
use twostep::domain::challenge::guess_budget::BudgetKind;
use twostep::domain::challenge::limits::MAX_ATTEMPTS;

use super::breakages::Breakage;
use super::guessing::Guessing;
use super::world::{Fault, Phase, World};

pub const COMPARISONS: &str = "between two successes no more comparisons than the budget ever has";
pub const OWNER_ASKED: &str = "the owner is asked after the first part of them";
pub const ATTEMPTS: &str = "no more attempts at a challenge than five";
pub const WAITS: &str = "no wait is cut short";
pub const FREEZES: &str = "guesses freeze an account only while its budget is spent";
pub const TAKEN: &str = "no right code is taken that a guess would have been refused for";
pub const FROZEN: &str = "no challenge is open while sign-ins are frozen";
/// So the bound is no lower than it says.
pub const REACHED: &str = "the bound is reached";

/// One step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Step {
    /// A sign-in with the right password: a challenge, in place of the installation's older one.
    Start { install: usize },
    /// A new code, perhaps by another method.
    Resend { install: usize, switch: bool },
    /// Time ends a challenge, or whoever may.
    Expire { install: usize },
    /// Of broken models: a guesser looks, without writing anything.
    Look { guesser: usize, install: usize },
    /// `count_attempt.sql`: the account is locked, challenge and budget are checked and counted, and that is committed.
    Count { guesser: usize, install: usize },
    /// `verify_sign_in`: the code was compared before, and is right; whether it may be is asked, it is counted and settled, all in one
    /// commit. Wrong ones go through [`Step::Count`], and what was refused is told to nobody.
    Take { guesser: usize, install: usize },
    /// The code is compared.
    Compare { guesser: usize, is_right: bool },
    /// What the comparison came to is written, in one transaction.
    Settle { guesser: usize },
    /// The node of a guesser dies, or only its request does.
    Crash { guesser: usize },
    /// The wait of the budget is over.
    Wait,
    /// An attempt that is refused because the budget is spent freezes an account that nobody froze.
    FreezeLate,
    /// The owner lets new devices sign in again.
    Lift,
    /// The owner chooses a new password on a trusted device.
    NewPassword,
    /// A code of another budget is right.
    OtherSuccess,
}

impl Model for Guessing {
    type State = World;
    type Action = Step;

    fn init_states(&self) -> Vec<World> {
        vec![World::new(self.full())]
    }

    fn actions(&self, world: &World, steps: &mut Vec<Step>) {
        let looks = self.broken.is_some_and(Breakage::looks_first);
        for install in 0..self.installs {
            steps.extend([Step::Start { install }, Step::Expire { install }]);
            steps.extend([false, true].map(|switch| Step::Resend { install, switch }));
        }
        for guesser in 0..self.guessers {
            let it = world.guessers[guesser];
            match it.phase {
                Phase::Idle => {
                    steps.extend((0..self.installs).map(|install| match looks {
                        true => Step::Look { guesser, install },
                        false => Step::Count { guesser, install },
                    }));
                    steps.extend((0..self.installs).map(|install| Step::Take { guesser, install }));
                }
                Phase::Looked => {
                    steps.extend(it.challenge.map(|install| Step::Count { guesser, install: install.into() }));
                }
                Phase::Counted => steps.extend([false, true].map(|is_right| Step::Compare { guesser, is_right })),
                Phase::Right | Phase::Wrong => steps.push(Step::Settle { guesser }),
            }
            if it.phase != Phase::Idle && self.crashes {
                steps.push(Step::Crash { guesser });
            }
        }
        steps.extend([Step::Wait, Step::OtherSuccess]);
        if self.kind == BudgetKind::Account {
            steps.extend([Step::FreezeLate, Step::Lift, Step::NewPassword]);
        }
    }

    fn next_state(&self, before: &World, step: Step) -> Option<World> {
        let mut world = *before;
        match step {
            Step::Start { install } => self.start(&mut world, install)?,
            Step::Resend { install, switch } => self.resend(&mut world, install, switch)?,
            Step::Expire { install } => world.close(install),
            Step::Look { guesser, install } => self.look(&mut world, guesser, install)?,
            Step::Count { guesser, install } => self.count(&mut world, guesser, install)?,
            Step::Take { guesser, install } => self.take(&mut world, guesser, install)?,
            Step::Compare { guesser, is_right } => self.compare(&mut world, guesser, is_right),
            Step::Settle { guesser } => self.settle(&mut world, guesser),
            Step::Crash { guesser } => self.crash(&mut world, guesser),
            Step::Wait => {
                world.tallies.iter_mut().for_each(|tally| tally.waits = false);
                world.seen.rested = true;
            }
            Step::FreezeLate => {
                let budget = world.tallies[0].budget();
                if world.frozen || !budget.is_spent() {
                    return None;
                }
                self.freeze(&mut world, &budget);
            }
            Step::Lift => self.lift(&mut world)?,
            Step::NewPassword => {
                world = World { guessers: world.guessers, seen: world.seen, ..World::new(self.full()) };
                world.close_all();
                world.succeed();
            }
            Step::OtherSuccess => self.other_success(&mut world),
        }
        if self.broken.is_none() {
            self.order(&mut world);
        }
        (world != *before).then_some(world)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always(COMPARISONS, |model: &Self, world: &World| {
                u32::from(world.seen.compared) <= model.rules.max_comparisons
            }),
            Property::always(OWNER_ASKED, |model: &Self, world: &World| {
                let first = model.kind.allowed_at_first(&model.rules);
                world.seen.lifted || u32::from(world.seen.compared) <= first
            }),
            Property::always(ATTEMPTS, |_, world: &World| {
                world.challenges.iter().flatten().all(|code| code.begun <= MAX_ATTEMPTS)
            }),
            Property::always(WAITS, |_, world: &World| world.seen.fault != Some(Fault::Hurried)),
            Property::always(FREEZES, |_, world: &World| world.seen.fault != Some(Fault::FrozenUnspent)),
            Property::always(TAKEN, |_, world: &World| world.seen.fault != Some(Fault::TakenRefused)),
            Property::always(FROZEN, |_, world: &World| !world.frozen || world.challenges.iter().all(Option::is_none)),
            Property::sometimes(REACHED, |model: &Self, world: &World| {
                u32::from(world.seen.compared) == model.rules.max_comparisons
            }),
        ]
    }

    /// A broken model may go on for ever: what follows the first comparison too many says nothing new.
    fn within_boundary(&self, world: &World) -> bool {
        u32::from(world.seen.compared) <= self.rules.max_comparisons + 1
    }
}

impl Guessing {
    /// Who is called first makes no difference: of worlds that differ in that only, one is looked at. Broken models go
    /// without, so that their traces keep the names.
    fn order(&self, world: &mut World) {
        let mut mirrored = *world;
        mirrored.swap_installs();
        for world in [&mut *world, &mut mirrored] {
            world.guessers[..self.guessers].sort_unstable();
        }
        if self.installs > 1 && (mirrored.challenges, mirrored.guessers) < (world.challenges, world.guessers) {
            *world = mirrored;
        }
    }
}
