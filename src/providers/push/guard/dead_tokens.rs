//! The alarm about dead addresses: a wrong key or environment must not erase every device.

use jiff::{SignedDuration, Timestamp};

/// How far back is counted.
const WINDOW: SignedDuration = SignedDuration::from_mins(10);
/// Pieces of the window; counts leave it piece by piece.
const PIECES: usize = 20;
const PIECE_SECONDS: i64 = WINDOW.as_secs() / PIECES as i64;

/// Counts the sends of the last 10 minutes and how many of them called their address dead.
///
/// Pure: the time is an argument. Memory is bounded by its twenty counters.
#[derive(Debug)]
pub struct DeadTokens {
    percent: u64,
    minimum_sample: u64,
    pieces: [Piece; PIECES],
}

#[derive(Debug, Clone, Copy, Default)]
struct Piece {
    number: i64,
    sends: u64,
    dead: u64,
}

/// What may be done about a dead address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeadTokenVerdict {
    /// Forget it.
    Forget,
    /// Keep it: too few sends to judge by, and the handful that may go without a sample has gone.
    KeepForNow,
    /// Keep it: more addresses are called dead than is believable.
    KeepAndAlarm,
}

impl DeadTokens {
    /// `percent` of the sends may be dead; below `minimum_sample` sends, as many as if there had been that many.
    #[must_use]
    pub fn new(percent: u32, minimum_sample: u32) -> Self {
        Self { percent: percent.into(), minimum_sample: minimum_sample.into(), pieces: [Piece::default(); PIECES] }
    }

    /// Counts a send that left its address alive.
    pub fn record_alive(&mut self, now: Timestamp) {
        self.piece(now).sends += 1;
    }

    /// Counts a send that called its address dead, and says what to do about that.
    pub fn record_dead(&mut self, now: Timestamp) -> DeadTokenVerdict {
        let piece = self.piece(now);
        piece.sends += 1;
        piece.dead += 1;
        let (sends, dead) = self.counts(now);
        if dead * 100 <= self.percent * sends.max(self.minimum_sample) {
            DeadTokenVerdict::Forget
        } else if sends < self.minimum_sample {
            DeadTokenVerdict::KeepForNow
        } else {
            DeadTokenVerdict::KeepAndAlarm
        }
    }

    /// Whether too many addresses are called dead.
    #[must_use]
    pub fn is_alarming(&self, now: Timestamp) -> bool {
        let (sends, dead) = self.counts(now);
        sends >= self.minimum_sample && dead * 100 > self.percent * sends
    }

    fn piece(&mut self, now: Timestamp) -> &mut Piece {
        let number = piece_number(now);
        let index = usize::try_from(number.rem_euclid(PIECES as i64)).unwrap_or(0);
        let piece = &mut self.pieces[index];
        if piece.number != number {
            *piece = Piece { number, ..Piece::default() };
        }
        piece
    }

    fn counts(&self, now: Timestamp) -> (u64, u64) {
        let newest = piece_number(now);
        let recent = (newest - PIECES as i64 + 1)..=newest;
        let within = self.pieces.iter().filter(|piece| recent.contains(&piece.number));
        within.fold((0, 0), |(sends, dead), piece| (sends + piece.sends, dead + piece.dead))
    }
}

fn piece_number(now: Timestamp) -> i64 {
    now.as_second().div_euclid(PIECE_SECONDS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_000_000_200 + second).unwrap()
    }

    #[test]
    fn more_than_the_share_stops_forgetting() {
        let mut tokens = DeadTokens::new(5, 40);
        for _ in 0..95 {
            tokens.record_alive(at(0));
        }
        let verdicts: Vec<_> = (0..6).map(|_| tokens.record_dead(at(1))).collect();
        assert!(verdicts[..5].iter().all(|verdict| *verdict == DeadTokenVerdict::Forget));
        assert_eq!(verdicts[5], DeadTokenVerdict::KeepAndAlarm);
        assert!(tokens.is_alarming(at(1)));
    }

    #[test]
    fn a_handful_goes_without_a_sample() {
        let mut tokens = DeadTokens::new(5, 40);
        let verdicts = [0; 3].map(|second| tokens.record_dead(at(second)));
        let forget = DeadTokenVerdict::Forget;
        let keep = DeadTokenVerdict::KeepForNow;
        assert_eq!(verdicts, [forget, forget, keep]);
        assert!(!tokens.is_alarming(at(0)));
    }

    #[test]
    fn counts_leave_after_ten_minutes() {
        let mut tokens = DeadTokens::new(5, 40);
        for _ in 0..100 {
            tokens.record_dead(at(0));
        }
        assert!(tokens.is_alarming(at(569)));
        assert!(!tokens.is_alarming(at(600)));
        assert_eq!(tokens.record_dead(at(600)), DeadTokenVerdict::Forget);
    }

    proptest! {
        /// Whatever the order, no more addresses are forgotten than the share of the sends (or of the sample) allows.
        #[test]
        fn a_wrong_key_erases_at_most_the_share(dead in proptest::collection::vec(any::<bool>(), 1..400)) {
            let mut tokens = DeadTokens::new(5, 40);
            let mut forgotten = 0;
            for (sent, is_dead) in (1_u64..).zip(dead) {
                if !is_dead {
                    tokens.record_alive(at(0));
                } else if tokens.record_dead(at(0)) == DeadTokenVerdict::Forget {
                    forgotten += 1;
                    prop_assert!(forgotten * 100 <= 5 * sent.max(40));
                }
            }
        }
    }
}
