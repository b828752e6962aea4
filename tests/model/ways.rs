//! All ways into an account as a model: an owner who has lost some of them, and an intruder who has some things of the owner's, in every
//! order, over a week.
//!
//! Nobody without a device or a code on paper comes in before the wait of the last resort is over, and the owner was told of it each day;
//! and an owner with one way left always comes in, but for what the threat model names.
//!
//! What is modelled is `delivery.email_fallback = "off"`: with `allow` the mailbox is a second step by itself.

use std::collections::{HashSet, VecDeque};

use jiff::{SignedDuration, Timestamp};
use stateright::{Checker, Model, Property};
use twostep::domain::account::last_resort::{
    DEFAULT_WAIT_HOURS, RecoveryOutcome, RecoveryState, RecoveryTimes, USABLE_FOR,
};
use twostep::domain::challenge::{Method, Purpose};
use twostep::domain::delivery::{DevicesStand, EmailFallback, LastResortStands, MailboxStands, offered_methods};

/// Days that are looked at: a wait, a second one, and one more.
const DAYS: u8 = 7;
/// Days of a wait.
const WAIT: u8 = 3;
/// Days in which a change of the address can be undone (design section 15).
const UNDO_DAYS: u8 = 3;

/// What is wrong with a model, to show that its properties can fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Breakage {
    /// A new password by mail is a second step too.
    ResetLetsIn,
    /// Asking again goes on with the wait that was.
    WaitGoesOn,
    /// The wait is over at once.
    NoWait,
    /// Nobody tells the owner again.
    NotToldDaily,
    /// It outlives another address.
    OutlivesTheAddress,
    /// It can be used as often as one likes.
    UsedForEver,
    /// It outlives its cancellation.
    OutlivesItsCancellation,
    /// A change of the address is done with the password alone.
    AddressWithoutDevice,
    /// Recovery codes are taken from anybody who knows the password.
    PaperIsGuessed,
    /// An undone change stays.
    UndoDoesNothing,
    /// There is no last resort.
    NoLastResort,
    /// Codes on paper are taken on trusted devices only.
    PaperNeedsADevice,
}

/// What somebody has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Has {
    password: bool,
    /// Reads the mailbox that the account has at first.
    mailbox: bool,
    /// A trusted device.
    device: bool,
    /// A session without trust.
    session: bool,
    paper: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Ways {
    owner: Has,
    intruder: Has,
    broken: Option<Breakage>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Recovery {
    asked_on: u8,
    /// How often the owner was told.
    told: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum By {
    Device,
    Paper,
    Mailbox { waited: u8, told: u8 },
    NewPassword,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct World {
    day: u8,
    /// Owner and intruder.
    knows_password: [bool; 2],
    /// The intruder gave the account another address, which only they read; until when that can be undone.
    moved_until: Option<u8>,
    frozen: bool,
    /// Not used yet; there is one, and somebody has it.
    paper: bool,
    recovery: Option<Recovery>,
    owner_in: bool,
    intruder_in: Option<By>,
    /// How often the wait that was asked for last was used, up to twice.
    uses: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Step {
    ByDevice(Who),
    ByPaper(Who),
    ByMailbox(Who),
    Ask(Who),
    Cancel(Who),
    Reset(Who),
    Freeze(Who),
    Unfreeze(Who),
    NewPassword(Who),
    MoveAddress,
    UndoMove,
    DayPasses,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Who {
    Owner,
    Intruder,
}

impl Ways {
    fn is(&self, breakage: Breakage) -> bool {
        self.broken == Some(breakage)
    }

    fn has(&self, who: Who) -> Has {
        match who {
            Who::Owner => self.owner,
            Who::Intruder => self.intruder,
        }
    }

    fn reads_mail(&self, world: &World, who: Who) -> bool {
        match world.moved_until {
            Some(_) => who == Who::Intruder,
            None => self.has(who).mailbox,
        }
    }

    /// Whether a code of a sign-in goes by mail, by the rule that runs.
    fn is_mailed(&self, world: &World) -> bool {
        let hours = |days: u8| SignedDuration::from_hours(24 * i64::from(days));
        let at = |day: u8| Timestamp::UNIX_EPOCH + hours(day);
        let Some(recovery) = world.recovery else { return false };
        let wait = if self.is(Breakage::NoWait) { 0 } else { WAIT };
        let times = RecoveryTimes {
            asked_at: at(recovery.asked_on),
            ready_at: at(recovery.asked_on) + hours(wait),
            usable_until: at(recovery.asked_on) + hours(wait) + USABLE_FOR,
            outcome: None,
        };
        let stands = match times.state_at(at(world.day)) {
            RecoveryState::Ready => LastResortStands::Ready,
            _ => LastResortStands::NotReady,
        };
        let devices = DevicesStand { may_show: false, are_absent: true };
        let methods = offered_methods(Purpose::SignIn, EmailFallback::Off, MailboxStands::Good, devices, stands);
        methods.contains(&Method::Email)
    }

    fn let_in(world: &mut World, who: Who, by: By) {
        match who {
            Who::Owner => world.owner_in = true,
            Who::Intruder => world.intruder_in = world.intruder_in.or(Some(by)),
        }
    }

    fn end(&self, world: &mut World, outcome: RecoveryOutcome) {
        let outlives = match outcome {
            RecoveryOutcome::Cancelled => self.is(Breakage::OutlivesItsCancellation),
            RecoveryOutcome::Used => self.is(Breakage::UsedForEver),
            _ => false,
        };
        if !outlives {
            world.recovery = None;
        }
    }

    fn freeze(&self, world: &mut World) {
        world.frozen = true;
        self.end(world, RecoveryOutcome::Superseded);
    }

    /// Somebody signs in on a new device, whose password is right and who is not frozen out.
    fn sign_in(&self, world: &mut World, who: Who, by: By) -> Option<()> {
        let knows = world.knows_password[who as usize];
        (knows && !world.frozen).then(|| {
            let is_used = matches!(by, By::Mailbox { .. });
            world.uses = (world.uses + u8::from(is_used)).min(2);
            self.end(world, if is_used { RecoveryOutcome::Used } else { RecoveryOutcome::Superseded });
            Self::let_in(world, who, by);
        })
    }

    fn step(&self, world: &mut World, step: Step) -> Option<()> {
        match step {
            Step::ByDevice(who) => {
                self.has(who).device.then_some(())?;
                // A trusted device is in, frozen or not; another one is let in by its code.
                Self::let_in(world, who, By::Device);
            }
            Step::ByPaper(who) => {
                let has = self.has(who).paper || who == Who::Intruder && self.is(Breakage::PaperIsGuessed);
                let refused = self.is(Breakage::PaperNeedsADevice) && !self.has(who).device;
                (has && world.paper && !refused).then_some(())?;
                self.sign_in(world, who, By::Paper)?;
                world.paper = false;
            }
            Step::ByMailbox(who) => {
                (self.is_mailed(world) && self.reads_mail(world, who)).then_some(())?;
                let Recovery { asked_on, told } = world.recovery?;
                self.sign_in(world, who, By::Mailbox { waited: world.day - asked_on, told })?;
            }
            Step::Ask(who) => {
                let may = world.knows_password[who as usize] && !world.frozen;
                (may && !self.is(Breakage::NoLastResort)).then_some(())?;
                let before = world.recovery.filter(|_| self.is(Breakage::WaitGoesOn));
                let asked_on = before.map_or(world.day, |before| before.asked_on);
                world.recovery = Some(Recovery { asked_on, told: 1 });
                world.uses = 0;
            }
            Step::Cancel(who) => {
                let has = self.has(who);
                (world.recovery.is_some() && (has.device || has.session)).then_some(())?;
                self.end(world, RecoveryOutcome::Cancelled);
            }
            Step::Reset(who) => {
                self.reads_mail(world, who).then_some(())?;
                world.knows_password = [who == Who::Owner, who == Who::Intruder];
                self.end(world, RecoveryOutcome::Superseded);
                if self.is(Breakage::ResetLetsIn) {
                    Self::let_in(world, who, By::NewPassword);
                }
            }
            // By wrong codes, or by a denial.
            Step::Freeze(who) => {
                (world.knows_password[who as usize] || self.has(who).device).then_some(())?;
                self.freeze(world);
            }
            Step::Unfreeze(who) => {
                self.has(who).device.then_some(())?;
                world.frozen = false;
            }
            Step::NewPassword(who) => {
                (self.has(who).device && world.knows_password[who as usize]).then_some(())?;
                world.knows_password = [who == Who::Owner, who == Who::Intruder];
                self.end(world, RecoveryOutcome::Superseded);
            }
            Step::MoveAddress => {
                let has_device = self.intruder.device || self.is(Breakage::AddressWithoutDevice);
                (has_device && world.knows_password[1] && world.moved_until.is_none()).then_some(())?;
                world.moved_until = Some(world.day + UNDO_DAYS);
                if !self.is(Breakage::OutlivesTheAddress) {
                    self.end(world, RecoveryOutcome::Superseded);
                }
            }
            Step::UndoMove => {
                (self.owner.mailbox && world.moved_until? >= world.day).then_some(())?;
                if !self.is(Breakage::UndoDoesNothing) {
                    world.moved_until = None;
                    self.freeze(world);
                }
            }
            Step::DayPasses => {
                world.day += 1;
                if let Some(recovery) = &mut world.recovery {
                    recovery.told += u8::from(!self.is(Breakage::NotToldDaily));
                }
            }
        }
        Some(())
    }

    /// What both can do.
    fn steps_of(who: Who) -> [Step; 8] {
        [
            Step::ByDevice(who),
            Step::ByPaper(who),
            Step::ByMailbox(who),
            Step::Ask(who),
            Step::Cancel(who),
            Step::Reset(who),
            Step::Unfreeze(who),
            Step::NewPassword(who),
        ]
    }

    /// What the owner can do alone.
    fn own_steps() -> impl Iterator<Item = Step> {
        Self::steps_of(Who::Owner).into_iter().chain([Step::UndoMove, Step::DayPasses])
    }

    /// Whether the owner comes in from here, if the intruder rests, within as many days as a wait takes.
    fn owner_comes_in(&self, from: &World) -> bool {
        let mut seen = HashSet::from([*from]);
        let mut next = VecDeque::from([*from]);
        while let Some(world) = next.pop_front() {
            if world.owner_in {
                return true;
            }
            for step in Self::own_steps() {
                let mut after = world;
                let is_done = self.step(&mut after, step).is_some() && after.day <= from.day + WAIT;
                if is_done && seen.insert(after) {
                    next.push_back(after);
                }
            }
        }
        false
    }

    /// The owner has a way that nobody else can take away: what the threat model names is left out.
    fn has_a_way(&self, world: &World) -> bool {
        let owner = self.owner;
        let can_know = world.knows_password[0] || self.reads_mail(world, Who::Owner);
        let not_shut_out = !world.frozen;
        owner.device || can_know && not_shut_out && (owner.paper && world.paper || self.reads_mail(world, Who::Owner))
    }
}

impl Model for Ways {
    type State = World;
    type Action = Step;

    fn init_states(&self) -> Vec<World> {
        vec![World {
            day: 0,
            knows_password: [self.owner.password, self.intruder.password],
            moved_until: None,
            frozen: false,
            paper: true,
            recovery: None,
            owner_in: false,
            intruder_in: None,
            uses: 0,
        }]
    }

    fn actions(&self, _: &World, steps: &mut Vec<Step>) {
        let who = Who::Intruder;
        steps.extend(Self::own_steps());
        steps.extend(Self::steps_of(who));
        steps.extend([Step::Freeze(who), Step::MoveAddress]);
    }

    fn next_state(&self, before: &World, step: Step) -> Option<World> {
        let mut world = *before;
        self.step(&mut world, step)?;
        (world.day <= DAYS && world != *before).then_some(world)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always(
                "an intruder comes in by what the owner has, or waits and is told of",
                |model, world: &World| match world.intruder_in {
                    None => true,
                    Some(By::Device) => model.intruder.device,
                    Some(By::Paper) => model.intruder.paper,
                    Some(By::Mailbox { waited, told }) => waited >= WAIT && told > WAIT,
                    Some(By::NewPassword) => false,
                },
            ),
            Property::always("a way that is left lets its owner in", |model, world: &World| {
                !model.has_a_way(world) || model.owner_comes_in(world)
            }),
            Property::always("an address is taken with a device only, and undone in time", |model, world: &World| {
                let is_taken = world.moved_until.is_some();
                let mut after = *world;
                let undone = model.step(&mut after, Step::UndoMove).is_none() || after.moved_until.is_none();
                (!is_taken || model.intruder.device) && undone
            }),
            Property::always("what is cancelled is over", |model, world: &World| {
                let mut after = *world;
                model.step(&mut after, Step::Cancel(Who::Owner)).is_none() || !model.is_mailed(&after)
            }),
            Property::always("another address gets no codes of an earlier wait", |_, world: &World| {
                let Some((recovery, until)) = world.recovery.zip(world.moved_until) else { return true };
                recovery.asked_on + UNDO_DAYS >= until
            }),
            Property::always("a wait is good once", |_, world: &World| world.uses <= 1),
        ]
    }
}

const NOTHING: Has = Has { password: false, mailbox: false, device: false, session: false, paper: false };
const PASSWORD: Has = Has { password: true, ..NOTHING };

/// What owners are left with.
const OWNERS: [Has; 6] = [
    Has { mailbox: true, device: true, paper: true, ..PASSWORD },
    Has { mailbox: true, ..PASSWORD },
    Has { paper: true, ..PASSWORD },
    Has { device: true, ..NOTHING },
    Has { mailbox: true, ..NOTHING },
    Has { mailbox: true, paper: true, ..NOTHING },
];

/// What intruders have of theirs.
const INTRUDERS: [Has; 12] = [
    NOTHING,
    PASSWORD,
    Has { mailbox: true, ..NOTHING },
    Has { session: true, ..NOTHING },
    Has { device: true, ..NOTHING },
    Has { paper: true, ..NOTHING },
    Has { mailbox: true, ..PASSWORD },
    Has { session: true, ..PASSWORD },
    Has { device: true, ..PASSWORD },
    Has { paper: true, ..PASSWORD },
    Has { mailbox: true, session: true, ..PASSWORD },
    Has { mailbox: true, device: true, ..PASSWORD },
];

/// How many worlds there are, and what does not hold of all of them.
fn explore(broken: Option<Breakage>) -> (usize, HashSet<&'static str>) {
    let mut worlds = 0;
    let mut failed = HashSet::new();
    for owner in OWNERS {
        for intruder in INTRUDERS {
            let checker = Ways { owner, intruder, broken }.checker().spawn_bfs().join();
            worlds += checker.unique_state_count();
            for (name, path) in checker.discoveries() {
                if failed.insert(name) {
                    println!("{broken:?}: {name} fails for {owner:?} against {intruder:?}: {:?}", path.into_actions());
                }
            }
        }
    }
    (worlds, failed)
}

#[test]
fn no_way_back_is_a_back_door_and_one_that_is_left_leads_in() {
    assert_eq!(u16::from(WAIT) * 24, DEFAULT_WAIT_HOURS);
    let (worlds, failed) = explore(None);
    println!("all ways in: six owners, twelve intruders, a week: {worlds} worlds");
    assert!(failed.is_empty(), "{failed:?}");
}

#[test]
fn each_rule_of_the_ways_is_needed() {
    for breakage in [
        Breakage::ResetLetsIn,
        Breakage::WaitGoesOn,
        Breakage::NoWait,
        Breakage::NotToldDaily,
        Breakage::OutlivesTheAddress,
        Breakage::UsedForEver,
        Breakage::OutlivesItsCancellation,
        Breakage::AddressWithoutDevice,
        Breakage::PaperIsGuessed,
        Breakage::UndoDoesNothing,
        Breakage::NoLastResort,
        Breakage::PaperNeedsADevice,
    ] {
        let (_, failed) = explore(Some(breakage));
        assert!(!failed.is_empty(), "{breakage:?} is found");
    }
}
