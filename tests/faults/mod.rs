//! What goes wrong around the gateway, and what must not be lost or told.

mod database_away;
