//! Live connections.

mod main_job;
