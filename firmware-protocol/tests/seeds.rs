//! The seeds of the fuzz targets, and every input that once was a finding, as an ordinary test.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

#[path = "../fuzz/bodies.rs"]
mod bodies;

#[test]
fn every_seed_of_every_fuzz_target_passes() {
    for (target, body) in bodies::BODIES {
        let folder = format!("{}/fuzz/seeds/{target}", env!("CARGO_MANIFEST_DIR"));
        let mut replayed = 0;
        for seed in std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{folder}: {error}")) {
            body(&std::fs::read(seed.unwrap().path()).unwrap());
            replayed += 1;
        }
        assert!(replayed > 0, "{folder} is empty");
    }
}
