//! The delivery ladder, whole: the real gateway between real sockets and simulated push providers.

mod addresses;
mod alerts;
mod answers_of_apns;
mod answers_of_fcm;
mod bombing;
mod clocks;
mod closing;
mod contents;
mod crash;
mod drill;
mod hang;
mod oracle;
mod receipts;
mod rule;
mod sealed;
mod stage;
mod steps;
mod traces;
