#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| twostep::fuzzing::push_endpoints(bytes));
