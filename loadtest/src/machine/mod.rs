//! The machine that the test runs on: gateways started for it, what processes use, how many files may be open.

mod files;
mod freeze;
mod gateway;
mod process;

pub(crate) use self::files::raise_open_files;
pub(crate) use self::freeze::Frozen;
pub(crate) use self::gateway::{Gateway, Interruption, Plan};
pub(crate) use self::process::{Sampler, Samples, Usage, load_average};
