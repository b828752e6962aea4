//! Email as a way for codes, against a real mail server.

mod arriving;
mod checking;
mod held_up;
mod notices;
mod recovery;
mod refused;
mod secrets;
mod server;
mod silent;
mod stage;
