//! What a scenario plays on: gateways, started for it or running already, and clients of them.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, ensure};

use crate::accounts::{Account, Wanted, bare, seed, seed_by_app};
use crate::client::{Http, Operator, Target, sources};
use crate::inject::Proxy;
use crate::machine::{Gateway, Plan, Usage};
use crate::options::{Common, Hashing};
use crate::report::Progress;

/// Where a scenario plays: at the gateway, and in turn at the floor.
pub(crate) struct Stages {
    /// The gateway.
    pub(crate) gateway: Stage,
    /// The bare server.
    pub(crate) floor: Option<Stage>,
}

impl Stages {
    /// Starts what is to be started.
    ///
    /// # Errors
    /// When something does not start, or no gateway is named.
    pub(crate) async fn open(common: &Common) -> anyhow::Result<Self> {
        let gateway = Stage::open(common).await?;
        let floor = match common.floor {
            true => Some(Stage::with(common, Some(Gateway::floor().await?), true)?),
            false => None,
        };
        Ok(Self { gateway, floor })
    }

    /// Both, or the one.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Stage> {
        std::iter::once(&self.gateway).chain(&self.floor)
    }

    /// Runs that were asked for.
    pub(crate) fn runs(&self) -> u32 {
        self.gateway.runs
    }
}

/// Gateways and clients.
pub(crate) struct Stage {
    /// The gateways.
    pub(crate) targets: Vec<Arc<Target>>,
    /// Their operator's sides, where they are known.
    pub(crate) operators: Vec<Operator>,
    /// Their processes, where they are known.
    pub(crate) processes: Vec<u32>,
    /// It is the bare server.
    pub(crate) is_floor: bool,
    /// Runs that were asked for.
    pub(crate) runs: u32,
    /// Says what goes on.
    pub(crate) progress: Progress,
    clients: Vec<Http>,
    /// Last, so that it stops last.
    gateway: Option<Gateway>,
}

impl Stage {
    /// Starts what is to be started.
    ///
    /// # Errors
    /// When a gateway does not start, or no gateway is named.
    pub(crate) async fn open(common: &Common) -> anyhow::Result<Self> {
        let progress = Progress::new();
        let gateway = match &common.spawn {
            Some(program) => Some(start(common, program.clone(), progress).await?),
            None => None,
        };
        Self::with(common, gateway, false)
    }

    fn with(common: &Common, gateway: Option<Gateway>, is_floor: bool) -> anyhow::Result<Self> {
        let progress = Progress::new();
        let urls = gateway.as_ref().map_or(&common.urls, |gateway| &gateway.urls);
        ensure!(!urls.is_empty(), "name a gateway with --url, or have one started with --spawn");
        let targets: Vec<Arc<Target>> =
            urls.iter().map(|url| Target::parse(url).map(Arc::new)).collect::<anyhow::Result<_>>()?;
        // Nodes in turn, so that neighbours in this list talk to different ones.
        let sources = sources(&targets[0], common.sources);
        let pairs = sources.iter().flat_map(|source| targets.iter().map(move |target| (target, *source)));
        let clients = pairs.map(|(target, source)| Http::new(target, source)).collect();
        let processes = gateway.as_ref().map_or_else(|| common.processes.clone(), Gateway::processes);
        let operators = gateway.as_ref().map_or(&common.operators, |gateway| &gateway.operators);
        let token_file =
            gateway.as_ref().map_or_else(|| common.operator_token_file.clone(), Gateway::operator_token_file);
        let operators = operators.iter().map(|url| Operator::at(url, &token_file)).collect::<anyhow::Result<_>>()?;
        Ok(Self { targets, operators, processes, is_floor, runs: common.runs, progress, clients, gateway })
    }

    /// The same with another gateway, which is reached at `url`.
    ///
    /// # Errors
    /// When that is no `http://HOST:PORT`.
    pub(crate) fn with_gateway(&self, gateway: Gateway, url: &str) -> anyhow::Result<Self> {
        let target = Arc::new(Target::parse(url)?);
        let count = u8::try_from(self.clients.len() / self.targets.len()).unwrap_or(u8::MAX);
        let clients = sources(&target, count).into_iter().map(|source| Http::new(&target, source)).collect();
        Ok(Self {
            targets: vec![target],
            operators: gateway
                .operators
                .iter()
                .map(|url| Operator::at(url, &gateway.operator_token_file()))
                .collect::<anyhow::Result<_>>()?,
            processes: gateway.processes(),
            is_floor: false,
            runs: self.runs,
            progress: Progress::new(),
            clients,
            gateway: Some(gateway),
        })
    }

    /// The gateways that were started for this.
    ///
    /// # Errors
    /// When they ran before.
    pub(crate) fn spawned(&self) -> anyhow::Result<&Gateway> {
        self.gateway.as_ref().context("only a gateway that is started for it can be treated so: use --spawn")
    }

    /// A client: the same for the same number.
    pub(crate) fn client(&self, number: usize) -> &Http {
        &self.clients[number % self.clients.len()]
    }

    /// How many different clients there are.
    pub(crate) fn clients(&self) -> usize {
        self.clients.len()
    }

    /// Makes accounts.
    ///
    /// # Errors
    /// When the gateway refuses.
    pub(crate) async fn accounts(&self, wanted: Wanted) -> anyhow::Result<Vec<Account>> {
        if self.is_floor {
            return Ok(bare(&self.clients, wanted));
        }
        seed(&self.clients, wanted, &self.progress).await
    }

    /// Makes accounts that an app keeps, with mailboxes if codes are to go there: their sign-ins come from its server, and hash nothing.
    ///
    /// # Errors
    /// When the gateway refuses, or nobody knows its operator's side.
    pub(crate) async fn accounts_of_app(&self, wanted: Wanted, with_mailboxes: bool) -> anyhow::Result<Vec<Account>> {
        if self.is_floor {
            return Ok(bare(&self.clients, wanted));
        }
        let operator = self.operators.first().context("an API key is needed: --spawn, or --url with --operator")?;
        seed_by_app(&self.clients, wanted, with_mailboxes, &operator.api_key().await?, &self.progress).await
    }

    /// Where devices connect: at all gateways in turn, or through a proxy.
    pub(crate) fn seen_through(&self, proxy: Option<&Proxy>) -> Vec<Arc<Target>> {
        proxy.map_or_else(|| self.targets.clone(), |proxy| vec![Arc::clone(&proxy.target)])
    }

    /// What it is called in reports.
    pub(crate) fn name(&self) -> &'static str {
        if self.is_floor { "floor" } else { "gateway" }
    }

    /// Memory of the gateways in MiB; 0 where nobody knows.
    pub(crate) fn memory_mib(&self) -> f64 {
        self.usage().map_or(0.0, |usage| usage.memory_kib / 1024.0)
    }

    /// What the gateways use.
    pub(crate) fn usage(&self) -> Option<Usage> {
        Usage::of(&self.processes)
    }
}

async fn start(common: &Common, program: Option<PathBuf>, progress: Progress) -> anyhow::Result<Gateway> {
    let beside = || Ok::<_, std::io::Error>(std::env::current_exe()?.with_file_name("twostep"));
    let program = program.map_or_else(beside, Ok)?;
    let cheap_hashing = common.hashing == Hashing::Cheap;
    let plan =
        Plan { program, cheap_hashing, settings: common.settings.clone(), bus: common.bus, keeper: common.keeper };
    progress.say(&format!("starting {}", plan.program.display()));
    Gateway::start(plan, common.nodes.into()).await.context("no gateway could be started")
}
