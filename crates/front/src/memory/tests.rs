use super::*;

fn memory() -> Arc<Memory> {
    Memory::new(MemoryBounds { of_node: 100, of_network: 50, of_connection: 30 })
}

fn client(text: &str) -> Option<IpAddr> {
    Some(text.parse().expect("an address"))
}

fn nobody() -> Arc<Notify> {
    Arc::default()
}

fn was_notified(gives_way: &Notify) -> bool {
    futures_util::FutureExt::now_or_never(gives_way.notified()).is_some()
}

#[test]
fn a_connection_a_network_and_the_node_have_so_much() {
    let memory = memory();
    let [one, other] = [memory.of_connection(client("192.0.2.1")), memory.of_connection(client("192.0.2.1"))];
    let first = one.hold(30, &nobody()).expect("room");
    assert!(one.hold(1, &nobody()).is_none(), "the connection has thirty");
    let _second = other.hold(20, &nobody()).expect("room");
    assert!(other.hold(1, &nobody()).is_none(), "the network has fifty");
    let elsewhere = memory.of_connection(client("192.0.2.2")).hold(25, &nobody()).expect("room");
    let proxy = memory.of_connection(None);
    let _third = proxy.hold(25, &nobody()).expect("room");
    assert!(proxy.hold(1, &nobody()).is_none(), "the node has a hundred");
    drop((first, elsewhere));
    assert!(other.hold(10, &nobody()).is_some() && proxy.hold(5, &nobody()).is_some());
}

#[test]
fn what_is_held_grows_where_there_is_room_and_shrinks_always() {
    let memory = memory();
    let connection = memory.of_connection(client("192.0.2.1"));
    let holding = connection.hold(10, &nobody()).expect("room");
    assert!(holding.resize(30) && !holding.resize(31) && holding.resize(5));
    assert_eq!((connection.held.get(), memory.held.lock().expect("sound").total), (5, 5));
    drop(holding);
    let held = memory.held.lock().expect("sound");
    assert!(connection.held.get() == 0 && held.total == 0 && held.networks.is_empty());
}

#[test]
fn what_waits_for_its_client_gives_way_the_longest_wait_first() {
    let memory = memory();
    let [here, elsewhere] = ["192.0.2.1", "192.0.2.2"].map(|address| memory.of_connection(client(address)));
    let other = memory.of_connection(client("192.0.2.1"));
    let signals = [nobody(), nobody(), nobody()];
    let [first, second] = [&signals[0], &signals[1]].map(|signal| here.hold(15, signal).expect("room"));
    let away = elsewhere.hold(30, &signals[2]).expect("room");
    for one in [&away, &second, &first] {
        one.waits_for_client();
    }
    // It works on this one again, and then it waits anew.
    second.is_worked_on();
    let third = other.hold(30, &nobody()).expect("the first gives way");
    assert_eq!(signals.each_ref().map(|signal| was_notified(signal)), [true, false, false], "of the same network");
    assert!(other.hold(15, &nobody()).is_none(), "what is worked on does not give way");
    second.waits_for_client();
    assert!(!first.resize(20) && here.held.get() == 15, "what gave way holds nothing");
    let proxy = memory.of_connection(None);
    let fourth = proxy.hold(30, &nobody()).expect("the longest wait of the node gives way");
    assert_eq!(signals.each_ref().map(|signal| was_notified(signal)), [false, false, true]);
    assert!(second.resize(20), "it does not give way to itself");
    drop((first, second, third, fourth, away));
    let held = memory.held();
    assert!(held.total == 0 && held.networks.is_empty() && held.waiting.is_empty());
    assert_eq!([here, elsewhere, other].map(|connection| connection.held.get()), [0; 3]);
}

/// A browser or a proxy has a hundred requests of usual size under way, with their bodies, on one connection of the defaults.
#[test]
fn a_hundred_usual_requests_fit_into_a_connection() {
    let fields = (0..25).map(|_| 60);
    let without_body = cost_of_request(80, fields.clone(), 0);
    assert!(100 * without_body < 4 << 20, "{without_body}");
    assert!(100 * cost_of_request(80, fields, 2048) < 4 << 20);
}
