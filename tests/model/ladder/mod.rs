//! The delivery ladder as a model: one code, two devices and two nodes, of which one may die at any moment, and messages between them
//! that are lost, come twice, or are forged. `src/domain/delivery/ladder/mod.rs` is the rule that runs.

mod breakages;
mod steps;
mod world;

use stateright::{Checker, Model};

use self::steps::{Climbing, REACHED};
use self::world::{OUT_OF_REACH, PUSHABLE};

#[test]
fn a_device_comes_to_an_end_whatever_happens_on_the_way() {
    let model = Climbing { devices: &[PUSHABLE], mishaps: 3, broken: None };
    explore("a device with a provider, three mishaps", model, &[REACHED[0], REACHED[1], REACHED[3], REACHED[4]]);
}

#[test]
fn so_does_one_that_no_provider_can_reach() {
    let model = Climbing { devices: &[OUT_OF_REACH], mishaps: 3, broken: None };
    explore("a device without one, three mishaps", model, &[REACHED[2]]);
}

#[test]
fn devices_that_differ_do_not_hold_one_another_up() {
    let model = Climbing { devices: &[PUSHABLE, OUT_OF_REACH], mishaps: 0, broken: None };
    explore("both, without mishaps", model, &[REACHED[0], REACHED[1], REACHED[2], REACHED[3]]);
}

fn explore(what: &str, model: Climbing, reached: &[&'static str]) {
    let checker = model.checker().spawn_bfs().join();
    assert!(checker.is_done());
    let found = checker.discoveries();
    println!(
        "{what}: {} states ({} steps between them, up to {} deep)",
        checker.unique_state_count(),
        checker.state_count(),
        checker.max_depth()
    );
    for (name, path) in found {
        assert!(REACHED.contains(&name), "{what}: \"{name}\" does not hold:\n{:#?}", path.into_actions());
    }
    for name in reached {
        assert!(checker.discovery(name).is_some(), "the model never comes to where {name}");
    }
}
