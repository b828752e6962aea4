//! The metrics that the listener keeps. Whoever collects them describes them.

/// TCP connections that are open.
pub const HTTP_CONNECTIONS_OPEN: &str = "twostep_http_connections_open";
/// When the certificate ends, in seconds since 1970.
pub const CERTIFICATE_END: &str = "twostep_certificate_end_timestamp_seconds";
/// TCP connections that came to nothing or ended over a bound of time or size, by `reason`.
pub const CONNECTIONS_REFUSED: &str = "twostep_connections_refused_total";
/// Requests that a limit refused, by `limit`.
pub const LIMIT_REFUSALS: &str = "twostep_limit_refusals_total";

/// Counts a request that a limit refused.
pub fn count_refusal(limit: &'static str) {
    metrics::counter!(LIMIT_REFUSALS, "limit" => limit).increment(1);
}
