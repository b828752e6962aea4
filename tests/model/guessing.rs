//! What one step does: what one transaction does, or a node between two of them. The rules are those of `domain`; a broken
//! model has one of them wrong ([`Breakage`]).

use twostep::domain::challenge::guess_budget::{Budget, BudgetKind, BudgetRules};
use twostep::domain::challenge::{Method, Progress, Purpose};

use super::breakages::Breakage;
use super::world::{Code, Fault, Guesser, LIFETIMES, NOW, Phase, Tally, World};

/// The model: how many take part, by which numbers, and what is wrong with it.
#[derive(Debug, Clone, Copy)]
pub struct Guessing {
    pub rules: BudgetRules,
    pub kind: BudgetKind,
    pub guessers: usize,
    pub installs: usize,
    /// Requests, and nodes with them, die between two steps.
    pub crashes: bool,
    pub broken: Option<Breakage>,
}

impl Guessing {
    pub fn is(&self, breakage: Breakage) -> bool {
        self.broken == Some(breakage)
    }

    /// The budget of an account nobody guessed at.
    pub fn full(&self) -> Tally {
        let full = Budget::full(self.kind, &self.rules);
        let allowed = if self.is(Breakage::NoFreeze) { self.rules.max_comparisons } else { full.allowed };
        Tally::of(Budget { allowed, ..full })
    }

    /// The budget that a guesser's node counts in.
    fn tally<'a>(&self, world: &'a mut World, guesser: usize) -> &'a mut Tally {
        let node = if self.is(Breakage::NodesCountAlone) { guesser % 2 } else { 0 };
        &mut world.tallies[node]
    }

    pub fn start(&self, world: &mut World, install: usize) -> Option<()> {
        let may_ask = !world.frozen && world.tallies[0].budget().check(NOW).is_ok();
        if self.kind == BudgetKind::Account && !may_ask && !self.is(Breakage::StartIgnoresFreeze) {
            return None;
        }
        world.close(install);
        world.challenges[install] = Some(Code::FRESH);
        if self.is(Breakage::StartRefills) {
            world.tallies[0] = self.full();
        }
        Some(())
    }

    pub fn resend(&self, world: &mut World, install: usize, switch: bool) -> Option<()> {
        let code = world.challenges[install]?;
        let method = if switch { Method::Email } else { Method::App };
        let offered = [Method::App, Method::Email];
        let next = code.progress().resend(Purpose::SignIn, Some(method), &offered, &LIFETIMES, NOW).ok()?;
        let gives_back = self.is(Breakage::ResendGivesAttemptsBack);
        world.challenges[install] = Some(Code { attempts: if gives_back { 0 } else { next.attempts }, ..code });
        for guesser in &mut world.guessers {
            guesser.code_is_current &= guesser.challenge != u8::try_from(install).ok();
        }
        if self.is(if switch { Breakage::SwitchRefills } else { Breakage::ResendRefills }) {
            world.tallies[0] = self.full();
        }
        world.tallies[0].waits &= !self.is(Breakage::ResendEndsWait);
        Some(())
    }

    pub fn look(&self, world: &mut World, guesser: usize, install: usize) -> Option<()> {
        let code = world.challenges[install]?;
        let tally = *self.tally(world, guesser);
        if self.is(Breakage::ComparesFirst) {
            world.seen.compared += 1;
            world.challenges[install] = Some(Code { begun: code.begun + 1, ..code });
        } else {
            code.progress().count_attempt(NOW).ok()?;
            tally.budget().check(NOW).ok()?;
        }
        let challenge = u8::try_from(install).ok();
        world.guessers[guesser] =
            Guesser { phase: Phase::Looked, challenge, read: tally.failures, ..Guesser::default() };
        Some(())
    }

    pub fn count(&self, world: &mut World, guesser: usize, install: usize) -> Option<()> {
        let code = world.challenges[install]?;
        let looked = world.guessers[guesser];
        let counted = self.counted(code)?;
        let charged = self.charged(world, guesser, looked)?;
        if u32::from(world.seen.compared) >= self.rules.wait_from && !world.seen.rested {
            world.seen.fault = Some(Fault::Hurried);
        }
        world.seen.rested = false;
        if self.is(Breakage::ComparesFirst) {
            world.challenges[install] = Some(Code { attempts: counted.attempts, ..code });
            world.guessers[guesser] = Guesser::default();
        } else {
            world.challenges[install] = Some(Code { attempts: counted.attempts, begun: code.begun + 1 });
            world.guessers[guesser] = Guesser {
                phase: Phase::Counted,
                challenge: u8::try_from(install).ok(),
                code_is_current: true,
                is_last: counted.attempts_left() == 0,
                spends: charged.budget().is_spent(),
                is_recent: true,
                read: 0,
            };
        }
        *self.tally(world, guesser) = charged;
        Some(())
    }

    /// The challenge with one attempt more.
    fn counted(&self, code: Code) -> Option<Progress> {
        let progress = code.progress();
        match self.broken {
            Some(Breakage::AttemptsUnbounded | Breakage::LooksThenCounts) => {
                Some(Progress { attempts: progress.attempts + 1, ..progress })
            }
            _ => progress.count_attempt(NOW).ok(),
        }
    }

    /// The budget with one comparison more.
    fn charged(&self, world: &mut World, guesser: usize, looked: Guesser) -> Option<Tally> {
        let tally = *self.tally(world, guesser);
        match self.broken {
            Some(Breakage::LooksThenCounts) => Some(Tally { failures: tally.failures + 1, ..tally }),
            Some(Breakage::WritesWhatItRead) => {
                Tally { failures: looked.read, ..tally }.budget().charge(&self.rules, NOW).ok().map(Tally::of)
            }
            Some(Breakage::NoWait) => {
                Tally { waits: false, ..tally }.budget().charge(&self.rules, NOW).ok().map(Tally::of)
            }
            _ => tally.budget().charge(&self.rules, NOW).ok().map(Tally::of),
        }
    }

    pub fn compare(&self, world: &mut World, guesser: usize, is_right: bool) {
        let it = &mut world.guessers[guesser];
        world.seen.compared += u8::from(it.is_recent);
        match (is_right, it.is_last || it.spends) {
            (true, _) => it.phase = Phase::Right,
            (false, true) => it.phase = Phase::Wrong,
            (false, false) => *it = Guesser::default(),
        }
    }

    /// Counts, compares and settles the right code of a sign-in in one commit, unless the attempt is refused.
    pub fn take(&self, world: &mut World, guesser: usize, install: usize) -> Option<()> {
        let code = world.challenges[install]?;
        let may_be_compared =
            code.progress().count_attempt(NOW).is_ok() && self.tally(world, guesser).budget().check(NOW).is_ok();
        if self.kind != BudgetKind::Account || (!may_be_compared && !self.is(Breakage::TakeAsksNobody)) {
            return None;
        }
        if !may_be_compared {
            world.seen.fault = Some(Fault::TakenRefused);
            return Some(());
        }
        self.count(world, guesser, install)?;
        self.compare(world, guesser, true);
        self.settle(world, guesser);
        Some(())
    }

    pub fn settle(&self, world: &mut World, guesser: usize) {
        let it = world.guessers[guesser];
        world.guessers[guesser] = Guesser::default();
        let challenge = it.challenge.map(usize::from);
        match it.phase {
            Phase::Right => match challenge.filter(|_| it.code_is_current) {
                Some(install) => {
                    world.close(install);
                    *self.tally(world, guesser) = self.full();
                    world.succeed();
                }
                None if self.is(Breakage::LateRightRefills) => *self.tally(world, guesser) = self.full(),
                None => {}
            },
            Phase::Wrong => {
                if let Some(install) = challenge.filter(|_| it.is_last) {
                    world.close(install);
                }
                let budget = self.tally(world, guesser).budget();
                let is_spent = budget.is_spent() || self.is(Breakage::FreezesWithoutLooking);
                if it.spends && is_spent && self.kind == BudgetKind::Account {
                    self.freeze(world, &budget);
                }
            }
            Phase::Idle | Phase::Looked | Phase::Counted => {}
        }
    }

    pub fn freeze(&self, world: &mut World, budget: &Budget) {
        if !budget.is_spent() {
            world.seen.fault = Some(Fault::FrozenUnspent);
        }
        world.frozen = true;
        if !self.is(Breakage::FreezeLeavesCodes) {
            world.close_all();
        }
    }

    pub fn crash(&self, world: &mut World, guesser: usize) {
        let it = std::mem::take(&mut world.guessers[guesser]);
        if self.is(Breakage::CrashGivesBack) && it.phase >= Phase::Counted {
            let tally = self.tally(world, guesser);
            tally.failures = tally.failures.saturating_sub(1);
        }
    }

    pub fn lift(&self, world: &mut World) -> Option<()> {
        let budget = world.tallies[0].budget();
        let lifted = match self.broken {
            Some(Breakage::LiftUncapped) if budget.is_spent() => {
                Budget { allowed: budget.failures + self.rules.freeze_after, ..budget }
            }
            Some(Breakage::LiftRefills) => self.full().budget(),
            _ => budget.lift(&self.rules)?,
        };
        world.tallies[0] = Tally::of(lifted);
        world.frozen = false;
        world.seen.lifted = true;
        world.seen.rested |= lifted.wait_until.is_none();
        Some(())
    }

    pub fn other_success(&self, world: &mut World) {
        if self.is(Breakage::AnySuccessRefills) {
            world.tallies[0] = self.full();
        }
    }
}
