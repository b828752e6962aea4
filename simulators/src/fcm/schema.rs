//! The v1 API's messages as the discovery document (revision 20261023) has them: every field, and nothing else.

/// What a field holds.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    /// A string.
    Text,
    /// A boolean.
    Flag,
    /// A whole number.
    Whole,
    /// Any number.
    Number,
    /// An array.
    List,
    /// An object whose values are strings.
    TextMap,
    /// An object of any form.
    Free,
    /// Seconds with an `s` behind them.
    Seconds,
    /// One of these words.
    Word(&'static [&'static str]),
    /// Another message.
    Of(&'static Schema),
}

/// A message: its fields by their names in snake case.
pub(super) type Schema = [(&'static str, Kind)];

use Kind::{Flag, Free, List, Number, Of, Seconds, Text, TextMap, Whole, Word};

pub(super) static SEND_REQUEST: &Schema = &[("message", Of(MESSAGE)), ("validate_only", Flag)];

static MESSAGE: &Schema = &[
    ("name", Text),
    ("data", TextMap),
    ("notification", Of(NOTIFICATION)),
    ("android", Of(ANDROID)),
    ("android_v2", Of(ANDROID_V2)),
    ("apns", Of(APNS)),
    ("webpush", Of(WEBPUSH)),
    ("fcm_options", Of(OPTIONS)),
    ("token", Text),
    ("fid", Text),
    ("topic", Text),
    ("condition", Text),
];

static NOTIFICATION: &Schema = &[("title", Text), ("body", Text), ("image", Text)];

static OPTIONS: &Schema = &[("analytics_label", Text)];

static ANDROID: &Schema = &[
    ("collapse_key", Text),
    ("priority", Word(&["NORMAL", "HIGH"])),
    ("ttl", Seconds),
    ("restricted_package_name", Text),
    ("data", TextMap),
    ("notification", Of(ANDROID_NOTIFICATION)),
    ("fcm_options", Of(OPTIONS)),
    ("direct_boot_ok", Flag),
    ("bandwidth_constrained_ok", Flag),
    ("restricted_satellite_ok", Flag),
];

static ANDROID_V2: &Schema = &[
    ("background_sync", Of(&[])),
    ("remote_notification", Of(REMOTE_NOTIFICATION)),
    ("collapse_key", Text),
    ("ttl", Seconds),
    ("restricted_package_name", Text),
    ("data", TextMap),
    ("fcm_options", Of(OPTIONS)),
    ("direct_boot_ok", Flag),
    ("bandwidth_constrained_ok", Flag),
    ("restricted_satellite_ok", Flag),
];

static REMOTE_NOTIFICATION: &Schema =
    &[("mutable_content", Flag), ("notification", Of(ANDROID_NOTIFICATION_V2)), ("use_as_v1_data_message", Flag)];

static ANDROID_NOTIFICATION: &Schema = &[
    ("title", Text),
    ("body", Text),
    ("icon", Text),
    ("color", Text),
    ("sound", Text),
    ("tag", Text),
    ("click_action", Text),
    ("body_loc_key", Text),
    ("body_loc_args", List),
    ("title_loc_key", Text),
    ("title_loc_args", List),
    ("channel_id", Text),
    ("ticker", Text),
    ("sticky", Flag),
    ("event_time", Text),
    ("local_only", Flag),
    ("notification_priority", Word(PRIORITIES)),
    ("default_sound", Flag),
    ("default_vibrate_timings", Flag),
    ("default_light_settings", Flag),
    ("vibrate_timings", List),
    ("visibility", Word(VISIBILITIES)),
    ("notification_count", Whole),
    ("light_settings", Of(LIGHT_SETTINGS)),
    ("image", Text),
    ("bypass_proxy_notification", Flag),
    ("proxy", Word(&["PROXY_UNSPECIFIED", "ALLOW", "DENY", "IF_PRIORITY_LOWERED"])),
];

static ANDROID_NOTIFICATION_V2: &Schema = &[
    ("id", Whole),
    ("title", Text),
    ("body", Text),
    ("icon", Text),
    ("color", Text),
    ("sound", Text),
    ("tag", Text),
    ("click_action", Text),
    ("body_loc_key", Text),
    ("body_loc_args", List),
    ("title_loc_key", Text),
    ("title_loc_args", List),
    ("channel_id", Text),
    ("ticker", Text),
    ("sticky", Flag),
    ("event_time", Text),
    ("local_only", Flag),
    ("notification_priority", Word(PRIORITIES)),
    ("default_sound", Flag),
    ("default_vibrate_timings", Flag),
    ("default_light_settings", Flag),
    ("vibrate_timings", List),
    ("visibility", Word(VISIBILITIES)),
    ("notification_count", Whole),
    ("light_settings", Of(LIGHT_SETTINGS)),
    ("image", Text),
];

static PRIORITIES: &[&str] =
    &["PRIORITY_UNSPECIFIED", "PRIORITY_MIN", "PRIORITY_LOW", "PRIORITY_DEFAULT", "PRIORITY_HIGH", "PRIORITY_MAX"];

static VISIBILITIES: &[&str] = &["VISIBILITY_UNSPECIFIED", "PRIVATE", "PUBLIC", "SECRET"];

static LIGHT_SETTINGS: &Schema =
    &[("color", Of(COLOR)), ("light_on_duration", Seconds), ("light_off_duration", Seconds)];

static COLOR: &Schema = &[("red", Number), ("green", Number), ("blue", Number), ("alpha", Number)];

static APNS: &Schema = &[
    ("headers", TextMap),
    ("payload", Free),
    ("fcm_options", Of(&[("analytics_label", Text), ("image", Text)])),
    ("live_activity_token", Text),
];

static WEBPUSH: &Schema = &[
    ("headers", TextMap),
    ("data", TextMap),
    ("notification", Free),
    ("fcm_options", Of(&[("analytics_label", Text), ("link", Text)])),
];
