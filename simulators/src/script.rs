//! What a simulator does next: per address, else for all.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Behaviours by address. Looked up in this order: the address's queue, its standing behaviour, the queue for all, the
/// standing behaviour for all.
#[derive(Debug)]
pub(crate) struct Script<B> {
    state: Mutex<State<B>>,
}

#[derive(Debug)]
struct State<B> {
    all: Line<B>,
    by_address: HashMap<String, Line<B>>,
    fallback: B,
}

#[derive(Debug)]
struct Line<B> {
    queue: VecDeque<B>,
    standing: Option<B>,
}

impl<B: Clone> Script<B> {
    /// `fallback` is what happens without a script.
    pub(crate) fn new(fallback: B) -> Self {
        Self { state: Mutex::new(State { all: Line::default(), by_address: HashMap::new(), fallback }) }
    }

    pub(crate) fn queue(&self, address: Option<&str>, behaviours: Vec<B>) {
        self.lock().line(address).queue.extend(behaviours);
    }

    pub(crate) fn stand(&self, address: Option<&str>, behaviour: Option<B>) {
        self.lock().line(address).standing = behaviour;
    }

    pub(crate) fn next(&self, address: &str) -> B {
        let mut state = self.lock();
        let own = state.by_address.get_mut(address).and_then(Line::next);
        let found = own.or_else(|| state.all.next());
        found.unwrap_or_else(|| state.fallback.clone())
    }

    fn lock(&self) -> MutexGuard<'_, State<B>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<B> State<B> {
    fn line(&mut self, address: Option<&str>) -> &mut Line<B> {
        match address {
            Some(address) => self.by_address.entry(address.to_owned()).or_default(),
            None => &mut self.all,
        }
    }
}

impl<B: Clone> Line<B> {
    fn next(&mut self) -> Option<B> {
        self.queue.pop_front().or_else(|| self.standing.clone())
    }
}

impl<B> Default for Line<B> {
    fn default() -> Self {
        Self { queue: VecDeque::new(), standing: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_goes_before_all_and_a_queue_before_what_stands() {
        let script = Script::new('a');
        script.queue(None, vec!['q']);
        script.queue(Some("x"), vec!['1', '2']);
        script.stand(Some("x"), Some('s'));
        assert_eq!(["x", "x", "x", "y", "y"].map(|address| script.next(address)), ['1', '2', 's', 'q', 'a']);
    }
}
