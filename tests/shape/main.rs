//! The shape of the workspace, held by tests: who may know whom, where a library is used, how long a file may be.
//! A test binary of its own, because it reads sources and starts nothing: it answers in seconds, also when the
//! end-to-end tests cannot run.

mod planted;
mod rules;
mod source;
mod workspace;

use std::collections::BTreeSet;

use rules::Package;

#[track_caller]
fn holds(wrong: &[String]) {
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn packages_know_only_whom_they_may() {
    let packages = workspace::packages();
    assert!(packages.len() >= 5, "found only {packages:?}");
    holds(&rules::packages_know_only_whom_they_may(&packages));
}

#[test]
fn the_core_is_pure() {
    let packages = workspace::packages();
    let gateway = packages
        .iter()
        .find(|package| package.name == "turnstile-gateway");
    let libraries: BTreeSet<String> = gateway.map(Package::libraries).unwrap_or_default();
    assert!(libraries.contains("tokio"), "found only {libraries:?}");
    let files = workspace::sources();
    assert!(
        files.iter().any(|file| file.path == "gateway/src/domain/core.rs"),
        "the core is not where it was"
    );
    holds(&rules::the_core_is_pure(&files, &libraries));
}

#[test]
fn devices_know_no_settings() {
    holds(&rules::devices_know_no_settings(&workspace::sources()));
}

#[test]
fn libraries_stay_at_home() {
    holds(&rules::libraries_stay_at_home(&workspace::sources()));
}

#[test]
fn wire_types_stay_with_the_studio() {
    holds(&rules::wire_types_stay_with_the_studio(&workspace::sources()));
}

#[test]
fn files_are_short() {
    holds(&rules::files_are_short(&workspace::sources()));
}

#[test]
fn files_say_what_they_are() {
    holds(&rules::files_say_what_they_are(&workspace::sources()));
}

#[test]
fn only_the_clock_modules_read_a_clock() {
    holds(&rules::only_the_clock_modules_read_a_clock(&workspace::sources()));
}

#[test]
fn no_file_names_a_machine_folder() {
    let mut files = workspace::texts();
    files.retain(|file| !file.is_in("tests/shape"));
    holds(&rules::no_file_names_a_machine_folder(&files));
}

#[test]
fn nothing_is_left_open() {
    holds(&rules::nothing_is_left_open(&workspace::sources()));
}
