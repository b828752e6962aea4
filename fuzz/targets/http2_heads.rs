#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| twostep::fuzzing::http2_heads(bytes));
