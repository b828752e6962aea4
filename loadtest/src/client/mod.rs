//! How the harness talks to a gateway: the public HTTP and WebSocket contract, cheaply, from many addresses.

mod contract;
mod http;
mod operator;
mod person;
mod socket;
mod target;

pub(crate) use self::contract::{Challenge, Install, PASSWORD, Problem, ServerMessage, SignedIn};
pub(crate) use self::http::{Answer, Http};
pub(crate) use self::operator::Operator;
pub(crate) use self::person::{Begun, Person};
pub(crate) use self::socket::{DeviceSocket, open_socket, receipt};
pub(crate) use self::target::{Target, sources};
