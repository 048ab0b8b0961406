//! Any text as a models.toml: an error with a line, or entries; never a panic.
#![no_main]

use kvant::Catalog;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Err(error) = Catalog::from_text(text, "fuzzed.toml") {
        assert!(error.to_string().starts_with("fuzzed.toml:"));
    }
});
