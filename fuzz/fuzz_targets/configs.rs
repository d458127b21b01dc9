#![no_main]
#![allow(dead_code, unreachable_pub)]

#[path = "../targets.rs"]
mod targets;

libfuzzer_sys::fuzz_target!(|input: &[u8]| targets::config(input));
