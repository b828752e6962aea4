//! What there is: the counters of one account in the database, its open challenges, and guessers under way.

use jiff::{SignedDuration, Timestamp};
use twostep::domain::challenge::guess_budget::Budget;
use twostep::domain::challenge::{Lifetimes, Method, Progress, Purpose};

/// Guessers at once, at most.
pub const GUESSERS: usize = 3;
/// Installations that ask for codes, at most.
pub const INSTALLS: usize = 2;

/// The clock stands still; waits end when the model says so.
pub const NOW: Timestamp = Timestamp::UNIX_EPOCH;
pub const LIFETIMES: Lifetimes = Lifetimes {
    app: SignedDuration::from_secs(300),
    email: SignedDuration::from_secs(600),
    confirmation: SignedDuration::from_hours(24),
};

/// Everything, between two steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct World {
    /// The budget in the database; the second is there only for nodes that count alone.
    pub tallies: [Tally; 2],
    /// New devices may not sign in.
    pub frozen: bool,
    /// The open challenge of each installation.
    pub challenges: [Option<Code>; INSTALLS],
    pub guessers: [Guesser; GUESSERS],
    pub seen: Seen,
}

/// A budget, with "its wait is not over" in place of a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Tally {
    pub failures: u8,
    pub allowed: u8,
    pub waits: bool,
}

/// An open challenge. Resends are not counted: the model asks for as many new codes as it likes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Code {
    /// What the database says.
    pub attempts: u16,
    /// Attempts that really began, counted or not.
    pub begun: u16,
}

/// A request that verifies, on whatever node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Guesser {
    pub phase: Phase,
    /// By installation; `None` once a newer challenge took its place or it closed.
    pub challenge: Option<u8>,
    /// Its code was not replaced since the attempt was counted.
    pub code_is_current: bool,
    /// The challenge had no further attempt after this one.
    pub is_last: bool,
    /// The budget had no further comparison after this one.
    pub spends: bool,
    /// No success came since the attempt was counted.
    pub is_recent: bool,
    /// Of broken models: what it read before it writes.
    pub read: u8,
}

/// How far a request came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub enum Phase {
    /// Not under way.
    #[default]
    Idle,
    /// Of broken models: it looked, and has not counted yet.
    Looked,
    /// Counted, and that is committed.
    Counted,
    /// Compared and right: to be settled.
    Right,
    /// Compared, wrong, and the last of its challenge or of the budget: to be settled.
    Wrong,
}

/// What really happened, whatever the counters say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Seen {
    /// Comparisons since the last success. An attempt that was counted before that success belongs before it.
    pub compared: u8,
    /// The owner lifted a freeze since then.
    pub lifted: bool,
    /// A wait ended since the last attempt was counted.
    pub rested: bool,
    /// Something that must never happen.
    pub fault: Option<Fault>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fault {
    /// An attempt was counted before the wait was over.
    Hurried,
    /// Guesses froze an account whose budget is not spent.
    FrozenUnspent,
    /// A right code was taken although the budget, or the challenge, allowed no attempt.
    TakenRefused,
}

impl Seen {
    pub const NOTHING: Self = Self { compared: 0, lifted: false, rested: true, fault: None };
}

impl Tally {
    pub fn of(budget: Budget) -> Self {
        let small = |count: u32| u8::try_from(count).expect("at most 200");
        Self {
            failures: small(budget.failures),
            allowed: small(budget.allowed),
            waits: budget.wait_until.is_some_and(|until| until > NOW),
        }
    }

    pub fn budget(self) -> Budget {
        Budget {
            failures: self.failures.into(),
            allowed: self.allowed.into(),
            wait_until: self.waits.then_some(NOW + SignedDuration::from_secs(30)),
        }
    }
}

impl Code {
    pub const FRESH: Self = Self { attempts: 0, begun: 0 };

    pub fn progress(self) -> Progress {
        let start = Progress::start(Purpose::SignIn, Method::App, &LIFETIMES, NOW);
        // A new code may be asked for at once: the distance of resends bounds no guesses.
        Progress { attempts: self.attempts, resend_at: NOW, ..start }
    }
}

impl World {
    pub fn new(full: Tally) -> Self {
        Self {
            tallies: [full; 2],
            frozen: false,
            challenges: [None; INSTALLS],
            guessers: [Guesser::default(); GUESSERS],
            seen: Seen::NOTHING,
        }
    }

    /// Ends a challenge: who guesses at it meanwhile finds it closed.
    pub fn close(&mut self, install: usize) {
        self.challenges[install] = None;
        for guesser in &mut self.guessers {
            if guesser.challenge == u8::try_from(install).ok() {
                guesser.challenge = None;
                guesser.code_is_current = false;
            }
        }
    }

    pub fn close_all(&mut self) {
        (0..INSTALLS).for_each(|install| self.close(install));
    }

    /// Gives the installations each other's names.
    pub fn swap_installs(&mut self) {
        self.challenges.swap(0, 1);
        for guesser in &mut self.guessers {
            guesser.challenge = guesser.challenge.map(|install| 1 - install);
        }
    }

    /// The right code was typed, or the owner chose a new password: counting starts anew.
    pub fn succeed(&mut self) {
        self.seen = Seen { fault: self.seen.fault, ..Seen::NOTHING };
        for guesser in &mut self.guessers {
            guesser.is_recent = false;
        }
    }
}
