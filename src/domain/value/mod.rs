//! Values that every subject uses: ids, networks, texts, times.

pub mod id;
pub mod moment;
pub mod network;
pub mod origin;
pub mod short_text;
pub mod string_enum;
