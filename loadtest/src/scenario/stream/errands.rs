//! What somebody does, one errand each.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use http::StatusCode;

use super::flow::{Ended, Flow};
use super::{Errand, Stream};
use crate::client::{Answer, Begun, Challenge, Person};
use crate::crowd::{Asking, Seat};

/// Where one node does not answer the next is asked after this, up to so many times each.
const TURN_AFTER: Duration = Duration::from_millis(100);
const TURNS: usize = 5;

impl Stream {
    pub(super) async fn sign_in(
        &self,
        account: u32,
        errand: Errand,
        intended: Instant,
        flow: &Arc<Flow>,
    ) -> anyhow::Result<Ended> {
        let began = Instant::now();
        let Some(challenge) = self.begin(account).await? else { return Ok(Ended::Refused) };
        let asked = Instant::now();
        flow.answered.done(intended);
        let forgiven = self.away.is_some_and(|away| away.forgives_codes && (away.covers(began) || away.covers(asked)));
        let devices = if forgiven { 0 } else { self.crowd.devices_of(account) };
        let Asking { first, everywhere } = self.crowd.ledger.ask(challenge.id, account, devices);
        let shown = tokio::time::timeout(self.code_within, first).await.context("no code came")??;
        flow.shown.record(intended, shown.at.saturating_duration_since(asked));
        match &self.pushes {
            Some(pushes) if forgiven => pushes.forgive(challenge.id, account, &shown.code),
            Some(pushes) => {
                for push in pushes.all(challenge.id, account, &shown.code, self.code_within).await? {
                    let took = push.at.saturating_duration_since(asked);
                    flow.pushed(push.service).record(intended, took);
                }
            }
            None => {}
        }
        let recorded = Arc::clone(flow);
        let code_within = self.code_within;
        let everywhere = tokio::spawn(async move {
            let last = tokio::time::timeout(code_within, everywhere).await;
            let last = last.context("the code is not on every screen")??;
            recorded.everywhere.record(intended, last.saturating_duration_since(asked));
            anyhow::Ok(())
        });
        if !self.nodes.is_empty() {
            everywhere.await??;
        }
        self.type_code(account, errand, &challenge, &shown.code).await
    }

    async fn type_code(
        &self,
        account: u32,
        errand: Errand,
        challenge: &Challenge,
        code: &str,
    ) -> anyhow::Result<Ended> {
        if errand == Errand::WrongCode {
            let (answer, _) = self.verify(account, challenge, &another(code)).await?;
            ensure!(answer.status == StatusCode::UNPROCESSABLE_ENTITY, "a wrong code: {}", answer.text());
        }
        let (answer, earlier_is_unknown) = self.verify(account, challenge, code).await?;
        if earlier_is_unknown && answer.status == StatusCode::GONE {
            let state = self.state(account, challenge).await?;
            ensure!(state == "verified", "verify: {}, and it is {state}", answer.text());
            return Ok(Ended::AnswerLost);
        }
        ensure!(answer.status == StatusCode::OK, "verify: {}", answer.text());
        Ok(Ended::Through)
    }

    /// The account's owner; where nodes end and start, at one of them, another each turn.
    fn person(&self, account: u32, turn: usize) -> Person {
        let mut person = self.crowd.accounts[account as usize].person.clone();
        if !self.nodes.is_empty() {
            person.http = self.nodes[(account as usize + turn) % self.nodes.len()].clone();
        }
        person
    }

    /// There is another node to ask, for a while.
    async fn may_turn(&self, turn: usize) -> bool {
        let may = turn < TURNS * self.nodes.len();
        if may {
            tokio::time::sleep(TURN_AFTER).await;
        }
        may
    }

    /// Gives the password; `None` when the gateway cannot serve because something is away.
    async fn begin(&self, account: u32) -> anyhow::Result<Option<Challenge>> {
        let number = account as usize;
        let mut turn = 0;
        loop {
            let begun = self.person(account, turn).begin(&self.installs[number]).await;
            match begun {
                Ok(Begun::Challenge(challenge)) => {
                    self.attempts[number].fetch_add(1, Ordering::Relaxed);
                    return Ok(Some(challenge));
                }
                Ok(Begun::Other(answer)) if self.is_excused(&answer) => {
                    self.nobody_knows(account);
                    return Ok(None);
                }
                Ok(Begun::Other(answer)) if answer.busy().is_some() && self.may_turn(turn).await => {
                    self.nobody_knows(account);
                }
                Ok(begun) => anyhow::bail!("{}", begun.text()),
                Err(error) => {
                    self.nobody_knows(account);
                    if !self.may_turn(turn).await {
                        return Err(error);
                    }
                }
            }
            turn += 1;
        }
    }

    /// Types a code, again while the gateway cannot serve because something is away, and at another node when no answer comes. Says
    /// whether an earlier time may have counted: without an answer, or with one that the gateway could not serve
    /// (docs/errors.md), nobody knows.
    async fn verify(&self, account: u32, challenge: &Challenge, code: &str) -> anyhow::Result<(Answer, bool)> {
        let mut turn = 0;
        let mut earlier_is_unknown = false;
        loop {
            match self.person(account, turn).verify(challenge, code, Some(false)).await {
                Ok(answer) => match answer.busy() {
                    Some(pause) if self.is_excused(&answer) => tokio::time::sleep(pause).await,
                    Some(_) if self.may_turn(turn).await => (turn, earlier_is_unknown) = (turn + 1, true),
                    _ => return Ok((answer, earlier_is_unknown)),
                },
                Err(_) if self.may_turn(turn).await => (turn, earlier_is_unknown) = (turn + 1, true),
                Err(error) => return Err(error),
            }
        }
    }

    /// How a challenge stands, asked of the next node where one does not answer.
    async fn state(&self, account: u32, challenge: &Challenge) -> anyhow::Result<String> {
        let mut turn = 0;
        loop {
            match self.person(account, turn).state(challenge).await {
                Err(_) if self.may_turn(turn).await => turn += 1,
                state => return state,
            }
        }
    }

    /// A sign-in has no answer that says whether it was taken.
    fn nobody_knows(&self, account: u32) {
        self.crowd.ledger.unanswered();
        self.unanswered[account as usize].fetch_add(1, Ordering::Relaxed);
    }

    /// It says that the gateway cannot serve now and when to come again, while that may be.
    fn is_excused(&self, answer: &Answer) -> bool {
        let is_away = self.away.is_some_and(|away| away.covers(Instant::now()));
        answer.busy().is_some() && (self.may_be_turned_away || is_away)
    }

    pub(super) async fn look(&self, account: u32) -> anyhow::Result<Ended> {
        let account = &self.crowd.accounts[account as usize];
        let token = Some(account.devices[0].session.access_token.as_str());
        for path in ["/v1/trusted-devices", "/v1/login-activity?limit=20"] {
            let answer = account.person.http.get(path, token).await?;
            ensure!(answer.status == StatusCode::OK, "{path}: {}", answer.text());
        }
        Ok(Ended::Through)
    }

    pub(super) async fn come_back(&self, account: u32) -> anyhow::Result<Ended> {
        let last = self.crowd.accounts[account as usize].devices.len() - 1;
        self.crowd.reconnect(Seat { account, device: last as u8 }).await?;
        Ok(Ended::Through)
    }
}

/// Other digits of the same length.
pub(in crate::scenario) fn another(code: &str) -> String {
    code.chars().map(|digit| if digit == '0' { '1' } else { '0' }).collect()
}
