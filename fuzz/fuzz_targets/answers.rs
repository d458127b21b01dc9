#![no_main]
#![allow(dead_code, unreachable_pub)]

#[path = "../targets.rs"]
mod targets;

use std::sync::{LazyLock, Mutex};

static BRAZE: LazyLock<Mutex<targets::Answers>> = LazyLock::new(|| Mutex::new(targets::Answers::start()));

libfuzzer_sys::fuzz_target!(|input: &[u8]| BRAZE.lock().unwrap().answer(input));
