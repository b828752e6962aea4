//! The story: Anna protects her account, and somebody else tries to get in.

use std::time::Instant;

use anyhow::ensure;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use super::api::{Api, Install, text};
use super::providers::Providers;
use super::screen::Screen;
use super::timeline::Timeline;

const PASSWORD: &str = "correct horse battery staple";

pub(super) struct Story<'a> {
    pub(super) api: Api,
    pub(super) timeline: &'a mut Timeline,
    email: String,
}

/// A signed-in device.
pub(super) struct Device {
    pub(super) access_token: String,
    trust_token: String,
}

/// A challenge in the hands of its holder.
pub(super) struct Challenge {
    pub(super) id: String,
    token: String,
}

impl Challenge {
    fn read(answer: &Value) -> anyhow::Result<Self> {
        Ok(Self { id: text(&answer["challenge"]["id"])?, token: text(&answer["challenge"]["token"])? })
    }
}

impl<'a> Story<'a> {
    pub(super) fn new(api: Api, timeline: &'a mut Timeline) -> Self {
        let email = format!("anna.{}@example.com", Uuid::now_v7().simple());
        Self { api, timeline, email }
    }

    /// The story; with providers, also what happens when devices sleep.
    pub(super) async fn play(&mut self, providers: Option<&Providers>) -> anyhow::Result<()> {
        self.timeline.chapter("Anna makes an account and turns on two-step verification");
        let phone = self.protected_account(&Install::new("Anna's phone", "Pixel 7", "android")).await?;
        let mut phone_screen = self.open_screen("Anna's phone", &phone).await?;

        self.timeline.chapter("Her tablet becomes the second trusted device");
        let tablet = Install::new("Anna's tablet", "iPad", "ios");
        let challenge = self.refused_without_code(&tablet, 1).await?;
        let code = self.code_on(&mut [&mut phone_screen], &challenge).await?;
        let tablet = self.accepted(&challenge, &code, "The right code is accepted, the tablet is trusted").await?;
        let mut tablet_screen = self.open_screen("Anna's tablet", &tablet).await?;

        self.timeline.chapter("A new laptop signs in");
        let laptop = Install::new("Anna's laptop", "Firefox", "web");
        let challenge = self.refused_without_code(&laptop, 2).await?;
        let code = self.code_on(&mut [&mut phone_screen, &mut tablet_screen], &challenge).await?;
        self.wrong_code_refused(&challenge, &code).await?;
        let trusted = self.accepted(&challenge, &code, "The right code is accepted, the laptop is trusted").await?;
        self.skips_the_step(&laptop, &trusted).await?;

        self.timeline.chapter("Somebody else knows the password");
        let stranger = Install::new("Somebody's phone", "Unknown", "android");
        let challenge = self.refused_without_code(&stranger, 3).await?;
        let code = self.code_on(&mut [&mut phone_screen, &mut tablet_screen], &challenge).await?;
        self.denied(&mut [&mut phone_screen, &mut tablet_screen], &challenge, &code).await?;
        self.frozen_until_lifted(&phone).await?;

        if let Some(providers) = providers {
            self.play_pushes(providers, (&phone, phone_screen), (&tablet, tablet_screen)).await?;
        }
        self.timeline.chapter("What Anna sees in her login activity");
        self.login_activity(&phone, if providers.is_some() { 6 } else { 3 }).await
    }

    async fn protected_account(&mut self, phone: &Install) -> anyhow::Result<Device> {
        self.timeline.begin();
        let body = json!({ "email": self.email, "password": PASSWORD, "device": phone.json() });
        let challenge = Challenge::read(&self.api.call(Method::POST, "/v1/accounts", None, Some(body), 202).await?)?;
        let code = self.api.mailed_code(&self.email).await?;
        let created = self.verify(&challenge, &code, 200).await?;
        let access_token = text(&created["session"]["access_token"])?;
        self.timeline.done("An emailed code confirms her address", &self.email);

        let path = "/v1/login-security/two-step";
        let begun = self.api.post(path, &access_token, json!({ "enabled": true }), 202).await?;
        let code = self.api.mailed_code(&self.email).await?;
        let enabled = self.verify(&Challenge::read(&begun)?, &code, 200).await?;
        ensure!(enabled["status"] == "two_step_enabled", "two-step verification is not on");
        self.timeline.done("Another one turns on two-step verification", "her phone is trusted");
        Ok(Device { access_token, trust_token: text(&enabled["device"]["trust_token"])? })
    }

    async fn open_screen(&mut self, name: &'static str, device: &Device) -> anyhow::Result<Screen> {
        let screen = Screen::connect(name, self.api.base(), &device.access_token).await?;
        self.timeline.done(&format!("{name} opens its live connection"), "");
        Ok(screen)
    }

    async fn sign_in(&self, install: &Install, trust_token: Option<&str>, status: u16) -> anyhow::Result<Value> {
        let mut body = json!({ "email": self.email, "password": PASSWORD, "device": install.json() });
        if let Some(token) = trust_token {
            body["trust_token"] = json!(token);
        }
        self.api.call(Method::POST, "/v1/sign-in", None, Some(body), status).await
    }

    /// The password alone brings no session.
    pub(super) async fn refused_without_code(&mut self, install: &Install, trusted: u64) -> anyhow::Result<Challenge> {
        self.timeline.begin();
        let answer = self.sign_in(install, None, 202).await?;
        ensure!(answer["session"].is_null(), "a session without the code");
        ensure!(answer["challenge"]["destination"] == trusted, "the code went to the wrong number of devices");
        self.timeline.done(&format!("{}: the password alone is not enough", install.name), "a code is asked for");
        Challenge::read(&answer)
    }

    async fn code_on(&mut self, screens: &mut [&mut Screen], challenge: &Challenge) -> anyhow::Result<String> {
        let asked = Instant::now();
        let mut codes = Vec::new();
        for screen in screens.iter_mut() {
            codes.push(screen.show_code(&challenge.id).await?);
            self.timeline.hop(&format!("the code is on the screen of {}", screen.name), asked);
        }
        ensure!(codes.windows(2).all(|pair| pair[0] == pair[1]), "the devices show different codes");
        self.wait_until_shown(challenge, screens.len()).await?;
        self.timeline.done("The new device is told that the code is shown", &format!("{} of {0}", screens.len()));
        codes.pop().ok_or_else(|| anyhow::anyhow!("no device"))
    }

    /// The state of the challenge counts the devices that show its code.
    async fn wait_until_shown(&self, challenge: &Challenge, devices: usize) -> anyhow::Result<()> {
        let path = format!("/v1/challenges/{}", challenge.id);
        for _ in 0..100 {
            let state = self.api.call(Method::GET, &path, Some(&challenge.token), None, 200).await?;
            let deliveries = state["deliveries"].as_array().map(Vec::as_slice).unwrap_or_default();
            if deliveries.iter().filter(|delivery| delivery["state"] == "shown").count() == devices {
                return Ok(());
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        anyhow::bail!("the receipts were not recorded")
    }

    async fn verify(&self, challenge: &Challenge, code: &str, status: u16) -> anyhow::Result<Value> {
        let path = format!("/v1/challenges/{}/verify", challenge.id);
        self.api.post(&path, &challenge.token, json!({ "code": code }), status).await
    }

    async fn wrong_code_refused(&mut self, challenge: &Challenge, code: &str) -> anyhow::Result<()> {
        let first = if code.starts_with('0') { '1' } else { '0' };
        let answer = self.verify(challenge, &format!("{first}{}", &code[1..]), 422).await?;
        ensure!(answer["code"] == "wrong_code" && answer["attempts_left"] == 4, "unexpected answer: {answer}");
        self.timeline.done("A wrong code is refused", "4 attempts left");
        Ok(())
    }

    pub(super) async fn accepted(&mut self, challenge: &Challenge, code: &str, what: &str) -> anyhow::Result<Device> {
        let answer = self.verify(challenge, code, 200).await?;
        ensure!(answer["status"] == "signed_in" && answer["device"]["trusted"] == true, "unexpected answer: {answer}");
        self.timeline.done(what, "");
        Ok(Device {
            access_token: text(&answer["session"]["access_token"])?,
            trust_token: text(&answer["device"]["trust_token"])?,
        })
    }

    async fn skips_the_step(&mut self, install: &Install, device: &Device) -> anyhow::Result<()> {
        let answer = self.sign_in(install, Some(&device.trust_token), 200).await?;
        ensure!(answer["status"] == "signed_in", "a trusted device was asked for a code");
        ensure!(answer["device"]["trust_token"] != device.trust_token.as_str(), "the trust token did not rotate");
        self.timeline.done("The next time the laptop skips the step", "its trust token rotated");
        Ok(())
    }

    async fn denied(&mut self, screens: &mut [&mut Screen], challenge: &Challenge, code: &str) -> anyhow::Result<()> {
        let said = Instant::now();
        screens[0].say(json!({ "type": "deny", "challenge_id": challenge.id })).await?;
        for screen in screens.iter_mut() {
            loop {
                let closed = screen.wait_for("challenge_closed").await?;
                if closed["challenge_id"] == challenge.id.as_str() {
                    ensure!(closed["outcome"] == "denied", "unexpected end: {closed}");
                    break;
                }
            }
            screen.wait_for("security_alert").await?;
            self.timeline.hop(&format!("{} is told and warned", screen.name), said);
        }
        self.timeline.done("Anna's phone says: this wasn't me", "the challenge is over");
        let answer = self.verify(challenge, code, 410).await?;
        ensure!(answer["code"] == "challenge_closed", "unexpected answer: {answer}");
        self.timeline.done("Even the right code is refused now", "");
        Ok(())
    }

    /// Nobody new gets in until the owner says so on a trusted device.
    async fn frozen_until_lifted(&mut self, owner: &Device) -> anyhow::Result<()> {
        let again = Install::new("Somebody's other phone", "Phone", "android");
        let answer = self.sign_in(&again, None, 403).await?;
        ensure!(answer["code"] == "account_frozen", "unexpected answer: {answer}");
        self.timeline.done("No new device gets as far as a code any more", "the account is frozen for them");
        let path = "/v1/login-security/unfreeze";
        self.api.call(Method::POST, path, Some(&owner.access_token), None, 204).await?;
        self.timeline.done("Anna's phone allows new devices again", "");
        Ok(())
    }

    async fn login_activity(&mut self, device: &Device, sign_ins: usize) -> anyhow::Result<()> {
        let page = self.api.call(Method::GET, "/v1/login-activity", Some(&device.access_token), None, 200).await?;
        let entries = page["entries"].as_array().map(Vec::as_slice).unwrap_or_default();
        let header = ["when (UTC)", "what", "how it ended", "device", "from"].map(str::to_owned);
        let rows: Vec<[String; 5]> = std::iter::once(header).chain(entries.iter().map(row)).collect();
        let widths: [usize; 5] =
            std::array::from_fn(|column| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0));
        for (index, row) in rows.iter().enumerate() {
            let cells: Vec<String> = row.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
            let line = cells.join("  ");
            self.timeline.print(&format!("  {}", if index == 0 { self.timeline.bold(&line) } else { line }));
        }
        let ended = |kind: &str, outcome: &str| {
            entries.iter().filter(|entry| entry["kind"] == kind && entry["outcome"] == outcome).count()
        };
        ensure!(
            ended("sign_in", "succeeded") == sign_ins,
            "{sign_ins} sign-ins succeeded, the activity says otherwise"
        );
        ensure!(ended("sign_in", "denied") == 1, "one sign-in was denied, the activity says otherwise");
        ensure!(
            ended("account_created", "succeeded") == 1 && ended("two_step_enabled", "succeeded") == 1,
            "a change is missing"
        );
        self.timeline.done("Every attempt and every change is there", &format!("{} entries", entries.len()));
        Ok(())
    }
}

fn row(entry: &Value) -> [String; 5] {
    let word = |value: &Value| value.as_str().unwrap_or("–").replace('_', " ");
    let at = entry["at"].as_str().and_then(|at| at.get(11..19)).unwrap_or("–");
    [at.to_owned(), word(&entry["kind"]), word(&entry["outcome"]), word(&entry["device"]["name"]), word(&entry["ip"])]
}
