//! Good tokens and bad ones: a token is looked up first, and counted by what it turned out to be.
//!
//! Were calls counted by network before their token was looked at, anybody who shares a network with an owner could stop the owner's
//! devices. So a good token never waits for the network's budget. But a look costs a read from the database, and a flood of made-up
//! tokens must not have it all: once a network has spent its budget of bad tokens, its tokens are looked up in a narrow lane, a few
//! at a time on the whole node, which leaves most connections of the pool to everybody else. Nobody is refused there without a
//! look: a good token only waits its turn, and tokens that were good here lately do not even wait.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;

use crate::domain::device::token::{Token, TokenHash};
use crate::domain::value::id::ChallengeId;
use crate::domain::value::network::Network;
use crate::http::problem::{Problem, ProblemCode};
use crate::http::request::rate_limits::{Limited, Limits};
use crate::service::VerificationError;

/// Looks at the same time for tokens from networks that sent too many bad ones.
const LANE: usize = 4;
/// How long a network is doubted after it had spent its budget.
const DOUBTED_FOR: Duration = Duration::from_secs(60);
/// Networks that are doubted at the same time. Beyond it they are forgotten, and doubted again at their next bad token.
const MAX_DOUBTED: usize = 10_000;
/// Good tokens in a generation. Two are kept: 64 bytes each, some 13 MiB at most.
const GENERATION: usize = 100_000;

/// What a good token is remembered by: its hash, and the challenge that it is good for, if it is one of a challenge.
type Known = (TokenHash, Option<ChallengeId>);

/// What is known of tokens on this node. It decides who waits, never who is let in.
pub struct Tokens {
    /// Those that were good lately, and those before them.
    known: Mutex<[HashSet<Known>; 2]>,
    /// Networks that sent too many bad ones, and when.
    doubted: Mutex<HashMap<Network, Instant>>,
    lane: Semaphore,
}

impl Default for Tokens {
    fn default() -> Self {
        Self { known: Mutex::default(), doubted: Mutex::default(), lane: Semaphore::new(LANE) }
    }
}

impl Tokens {
    /// Looks a token up. `network` is where it came from; `None` is exempt.
    ///
    /// # Errors
    /// 401 or 404 for a token that is none, 429 when the network sent too many of them; the problems of `look`.
    pub(in crate::http) async fn resolve<T>(
        &self,
        limits: &Limits,
        network: Option<Network>,
        token: &Token,
        look: impl Future<Output = Result<T, VerificationError>>,
    ) -> Result<T, Problem> {
        self.resolve_known(limits, network, (token.hash(), None), look).await
    }

    /// [`Self::resolve`] for a token that is good for one challenge only.
    ///
    /// # Errors
    /// As there.
    pub(in crate::http) async fn resolve_for<T>(
        &self,
        limits: &Limits,
        network: Option<Network>,
        (token, challenge): (&Token, ChallengeId),
        look: impl Future<Output = Result<T, VerificationError>>,
    ) -> Result<T, Problem> {
        self.resolve_known(limits, network, (token.hash(), Some(challenge)), look).await
    }

    async fn resolve_known<T>(
        &self,
        limits: &Limits,
        network: Option<Network>,
        known: Known,
        look: impl Future<Output = Result<T, VerificationError>>,
    ) -> Result<T, Problem> {
        let waits = network.is_some_and(|network| self.is_doubted(network)) && !self.is_known(known);
        // The lane is never closed; without a place in it the look goes on all the same.
        let place = if waits { self.lane.acquire().await.ok() } else { None };
        let looked = look.await;
        drop(place);
        match looked {
            Ok(found) => {
                self.remember(known);
                Ok(found)
            }
            Err(error @ (VerificationError::Unauthorized | VerificationError::NotFound)) => {
                Err(self.refusal(limits, network, error.into()))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// What is answered to a call without a good token: `problem`, or that too many of these came.
    pub(in crate::http) fn refusal(&self, limits: &Limits, network: Option<Network>, problem: Problem) -> Problem {
        let Some(network) = network else { return problem };
        limits.check(Limited::Strangers, Some(network)).map_or_else(
            |too_many| {
                self.doubt(network);
                too_many
            },
            |()| problem,
        )
    }

    /// What is answered to a call with the secret of a mailed link: guesses at these are counted like those at tokens.
    pub(in crate::http) fn of_link(&self, limits: &Limits, network: Option<Network>, problem: Problem) -> Problem {
        match problem.code() {
            ProblemCode::Unauthorized => self.refusal(limits, network, problem),
            _ => problem,
        }
    }

    /// Whether a token of a challenge was good here lately.
    pub(in crate::http) fn knows(&self, token: &Token, challenge: ChallengeId) -> bool {
        self.is_known((token.hash(), Some(challenge)))
    }

    fn is_known(&self, known: Known) -> bool {
        self.known().iter().any(|generation| generation.contains(&known))
    }

    fn remember(&self, known: Known) {
        let mut generations = self.known();
        if generations[0].len() >= GENERATION {
            let [newer, older] = &mut *generations;
            *older = std::mem::take(newer);
        }
        generations[0].insert(known);
    }

    fn is_doubted(&self, network: Network) -> bool {
        self.doubted().get(&network).is_some_and(|since| since.elapsed() < DOUBTED_FOR)
    }

    fn doubt(&self, network: Network) {
        let mut doubted = self.doubted();
        if doubted.len() >= MAX_DOUBTED {
            doubted.retain(|_, since| since.elapsed() < DOUBTED_FOR);
            if doubted.len() >= MAX_DOUBTED {
                doubted.clear();
            }
        }
        doubted.insert(network, Instant::now());
    }

    fn known(&self) -> MutexGuard<'_, [HashSet<Known>; 2]> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn doubted(&self) -> MutexGuard<'_, HashMap<Network, Instant>> {
        self.doubted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use futures_util::FutureExt;

    use super::*;
    use crate::domain::device::token::TokenKind;
    use crate::http::request::rate_limits::LimitSettings;

    fn limits() -> Limits {
        Limits::new(LimitSettings::all(3))
    }

    fn here() -> Option<Network> {
        Some(Network::of("192.0.2.7".parse().expect("an address")))
    }

    fn token(number: u8) -> Token {
        Token::from_random(TokenKind::Access, [number; 32])
    }

    async fn resolve(tokens: &Tokens, limits: &Limits, number: u8, is_good: bool) -> Result<(), ProblemCode> {
        let look = ready(if is_good { Ok(()) } else { Err(VerificationError::Unauthorized) });
        tokens.resolve(limits, here(), &token(number), look).await.map_err(|problem| problem.code())
    }

    #[tokio::test]
    async fn bad_tokens_are_bounded_and_stop_no_good_one() {
        let tokens = Tokens::default();
        let limits = limits();
        for number in 0..3 {
            assert_eq!(resolve(&tokens, &limits, number, false).await, Err(ProblemCode::Unauthorized));
        }
        for number in 3..200 {
            assert_eq!(resolve(&tokens, &limits, number, false).await, Err(ProblemCode::TooManyRequests));
        }
        assert_eq!(resolve(&tokens, &limits, 200, true).await, Ok(()), "one that nobody here has seen");
    }

    #[tokio::test]
    async fn what_a_doubted_network_sends_is_looked_up_a_few_at_a_time_and_known_tokens_do_not_wait() {
        let tokens = Tokens::default();
        let limits = limits();
        assert_eq!(resolve(&tokens, &limits, 0, true).await, Ok(()));
        for number in 1..=4 {
            assert!(resolve(&tokens, &limits, number, false).await.is_err());
        }
        let (slow, fast): (Vec<_>, Vec<_>) = (5..20)
            .map(|number| {
                let token = token(number);
                let tokens = &tokens;
                let limits = &limits;
                Box::pin(async move {
                    tokens.resolve(limits, here(), &token, pending::<Result<(), VerificationError>>()).await
                })
            })
            .enumerate()
            .partition(|(at, _)| *at < LANE);
        let mut slow: Vec<_> = slow.into_iter().map(|(_, look)| look).collect();
        assert!(slow.iter_mut().all(|look| look.as_mut().now_or_never().is_none()));
        assert_eq!(tokens.lane.available_permits(), 0);
        drop(fast);
        assert_eq!(resolve(&tokens, &limits, 0, true).now_or_never(), Some(Ok(())), "known");
        assert!(resolve(&tokens, &limits, 30, true).now_or_never().is_none(), "it waits its turn");
        drop(slow);
        assert_eq!(resolve(&tokens, &limits, 30, true).await, Ok(()));
    }

    #[tokio::test]
    async fn memory_is_bounded() {
        let tokens = Tokens::default();
        for number in 0..3 * GENERATION as u64 {
            let mut bytes = [0; 32];
            bytes[..8].copy_from_slice(&number.to_be_bytes());
            tokens.remember((TokenHash::from_bytes(bytes), None));
        }
        assert!(tokens.known().iter().map(HashSet::len).sum::<usize>() <= 2 * GENERATION);
    }
}
