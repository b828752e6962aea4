//! Every interleaving, to the end: what the model proves.

use jiff::SignedDuration;
use stateright::{Checker, Model};
use twostep::domain::challenge::guess_budget::{BUDGET_RULES, BudgetKind, BudgetRules};

use super::guessing::Guessing;
use super::steps::REACHED;

/// Small enough for everything at once. Waits are not counted in seconds: one is over, or it is not.
pub const SMALL: Guessing = Guessing {
    rules: BudgetRules {
        wait_from: 2,
        first_wait: SignedDuration::from_secs(30),
        longest_wait: SignedDuration::from_secs(60),
        freeze_after: 3,
        max_comparisons: 6,
    },
    kind: BudgetKind::Account,
    guessers: 2,
    installs: 2,
    crashes: true,
    broken: None,
};

/// Looks at every world that can be, and prints what holds of all of them.
fn prove(what: &str, model: Guessing) {
    let (first, most) = (model.kind.allowed_at_first(&model.rules), model.rules.max_comparisons);
    let checker = model.checker().spawn_bfs().join();
    assert!(checker.is_done());
    let found: Vec<_> = checker.discoveries().into_iter().map(|(name, path)| (name, path.into_actions())).collect();
    println!(
        "{what}: at most {most} comparisons between two successes, and {first} before the owner is asked, in all {} states ({} \
         steps between them, up to {} deep)",
        checker.unique_state_count(),
        checker.state_count(),
        checker.max_depth(),
    );
    let broken: Vec<_> = found.iter().filter(|(name, _)| *name != REACHED).collect();
    assert!(broken.is_empty(), "{broken:#?}");
    assert!(found.iter().any(|(name, _)| *name == REACHED), "the model never comes to {most} comparisons");
}

/// Without crashes, which with these numbers make nine million states and prove the same: whoever dies after counting leaves
/// fewer comparisons than were counted.
#[test]
fn the_bound_holds_with_the_numbers_in_force() {
    prove("the numbers in force", Guessing { rules: BUDGET_RULES, installs: 1, crashes: false, ..SMALL });
}

#[test]
fn the_bound_holds_for_two_installations() {
    prove("two guessers at two challenges", SMALL);
}

#[test]
fn the_bound_holds_for_three_guessers_at_one_challenge() {
    prove("three guessers at one challenge", Guessing { guessers: 3, installs: 1, ..SMALL });
}

#[test]
fn the_bound_holds_for_codes_that_confirm_an_address() {
    prove("codes that turn it on", Guessing { kind: BudgetKind::Enabling, ..SMALL });
}
