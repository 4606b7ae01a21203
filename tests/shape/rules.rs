//! The rules themselves, as functions from what is in the workspace to what is wrong with it.

use std::collections::BTreeSet;

use crate::source::SourceFile;

/// Lines of code that a file may have.
pub(crate) const MOST_LINES: usize = 400;

/// Who of our own packages may know whom. A new package has to be entered here.
const MAY_KNOW: [(&str, &[&str]); 5] = [
    ("firmware-protocol", &[]),
    ("config", &[]),
    ("hal", &["firmware-protocol"]),
    ("turnstile-gateway", &["config", "firmware-protocol", "hal"]),
    (
        "end-to-end",
        &["config", "firmware-protocol", "hal", "turnstile-gateway"],
    ),
];

/// Libraries that are to be named in few places, so that they can be replaced there.
const HOMES: [(&str, Home); 3] = [
    ("gpiocdev", Home::OneFileIn("hal/src")),
    ("rppal", Home::OneFileIn("hal/src")),
    (
        "rusqlite",
        Home::Places(&[
            "gateway/src/database.rs",
            "gateway/src/directory",
            "gateway/src/journal",
            "tests/end_to_end/check_ins",
        ]),
    ),
];

/// What of the standard library leads out of the pure core.
const OUTSIDE: [&str; 9] = [
    "std::env",
    "std::fs",
    "std::io",
    "std::net",
    "std::os",
    "std::process",
    "std::thread",
    "std::time::Instant",
    "std::time::SystemTime",
];

/// Names by which a clock is read. Clippy bans those it can; this finds them in every other disguise.
const CLOCKS: [&str; 7] = [
    "Instant::now",
    "SystemTime::now",
    "Timestamp::now",
    "ZonedDateTime::now",
    "time::clock_gettime",
    "time::clock_gettime_dynamic",
    "clippy::disallowed_methods",
];

/// The only files that read a clock.
const CLOCK_MODULES: [&str; 2] = ["gateway/src/clock.rs", "hal/src/clock.rs"];

/// Folders of one machine. In the project they would work for nobody else.
const MACHINE_FOLDERS: [&str; 2] = ["/root/", "/work/"];

/// What only an explanation may name: programs and tests ask for a temporary folder of their own.
const TEMPORARY_FOLDER: &str = "/tmp/";

enum Home {
    OneFileIn(&'static str),
    Places(&'static [&'static str]),
}

/// A package of the workspace and what it depends on.
#[derive(Debug)]
pub(crate) struct Package {
    pub(crate) name: String,
    /// In the finished product.
    pub(crate) dependencies: BTreeSet<String>,
    /// In its tests.
    pub(crate) test_dependencies: BTreeSet<String>,
    /// Whether it takes over the lints of the workspace.
    pub(crate) workspace_lints: bool,
}

impl Package {
    /// The names by which its product code can call libraries and other packages.
    pub(crate) fn libraries(&self) -> BTreeSet<String> {
        self.dependencies
            .iter()
            .map(|name| name.replace('-', "_"))
            .collect()
    }
}

/// Packages know of each other only what [`MAY_KNOW`] says, and no package has lints of its own.
pub(crate) fn packages_know_only_whom_they_may(packages: &[Package]) -> Vec<String> {
    let ours: BTreeSet<&str> = packages.iter().map(|package| package.name.as_str()).collect();
    let mut wrong = Vec::new();
    for package in packages {
        let Some((_, allowed)) = MAY_KNOW.iter().find(|(name, _)| *name == package.name) else {
            wrong.push(format!(
                "{}: is not in the table of who may know whom",
                package.name
            ));
            continue;
        };
        wrong.extend(
            package
                .dependencies
                .union(&package.test_dependencies)
                .filter(|known| ours.contains(known.as_str()) && !allowed.contains(&known.as_str()))
                .map(|known| format!("{}: must not depend on {known}", package.name)),
        );
        if !package.workspace_lints {
            wrong.push(format!(
                "{}: does not take the lints of the workspace",
                package.name
            ));
        }
    }
    wrong
}

/// The core names only the standard library without its doors to the outside, jiff, and itself. `libraries` are
/// the names of everything else that the gateway depends on.
pub(crate) fn the_core_is_pure(files: &[SourceFile], libraries: &BTreeSet<String>) -> Vec<String> {
    const CORE: &str = "gateway/src/domain";
    let rooms: BTreeSet<&str> = files
        .iter()
        .filter_map(|file| file.path.strip_prefix("gateway/src/")?.split(['/', '.']).next())
        .filter(|room| *room != "domain")
        .collect();
    each_path(files, |file, path| {
        let leads_out = file.is_in(CORE) && {
            let first = path.split("::").next().unwrap_or(path);
            let inside = path
                .split("::")
                .find(|part| !matches!(*part, "crate" | "super" | "self"));
            let relative = matches!(first, "crate" | "super" | "self");
            (first != "jiff" && libraries.contains(first))
                || OUTSIDE.iter().any(|outside| begins_with(path, outside))
                || (relative && inside.is_some_and(|room| rooms.contains(room)))
        };
        leads_out.then(|| format!("the core must not know {path}"))
    })
}

/// The devices know nothing of the configuration file nor of the gateway.
pub(crate) fn devices_know_no_settings(files: &[SourceFile]) -> Vec<String> {
    each_path(files, |file, path| {
        let known = ["config", "turnstile_gateway"]
            .iter()
            .any(|package| begins_with(path, package));
        (file.is_in("hal") && known).then(|| format!("hal must not know {path}"))
    })
}

/// Each library of [`HOMES`] is named at its home only.
pub(crate) fn libraries_stay_at_home(files: &[SourceFile]) -> Vec<String> {
    let mut wrong = Vec::new();
    for (library, home) in &HOMES {
        let users: Vec<&SourceFile> = files
            .iter()
            .filter(|file| file.paths().iter().any(|path| begins_with(path, library)))
            .collect();
        let at_home = |file: &SourceFile| match home {
            Home::OneFileIn(folder) => file.is_in(folder),
            Home::Places(places) => places.iter().any(|place| file.is_in(place)),
        };
        wrong.extend(
            users
                .iter()
                .filter(|file| !at_home(file))
                .map(|file| format!("{}: {library} is not to be named here", file.path)),
        );
        if matches!(home, Home::OneFileIn(_)) && users.len() > 1 {
            let paths: Vec<&str> = users.iter().map(|file| file.path.as_str()).collect();
            wrong.push(format!(
                "{library} is to be named in one file only, not in {}",
                paths.join(", ")
            ));
        }
    }
    wrong
}

/// The shapes of the studio's messages stay in the studio's folder and its tests: none that can be seen elsewhere is
/// named there.
pub(crate) fn wire_types_stay_with_the_studio(files: &[SourceFile]) -> Vec<String> {
    const STUDIO: &str = "gateway/src/studio";
    const WAYS_IN: [&str; 3] = ["crate::studio", "studio", "turnstile_gateway::studio"];
    let shapes: BTreeSet<String> = files
        .iter()
        .filter(|file| file.is_in(STUDIO))
        .flat_map(SourceFile::exposed_shapes)
        .collect();
    each_path(files, |file, path| {
        let leads_in = WAYS_IN.iter().any(|way| begins_with(path, way));
        let named = path.split("::").any(|name| shapes.contains(name));
        let at_home = [
            STUDIO,
            "gateway/tests/studio_client",
            "tests/end_to_end/description",
        ];
        let at_home = at_home.iter().any(|home| file.is_in(home));
        (!at_home && leads_in && named).then(|| format!("{path} is a wire type of the studio"))
    })
}

/// No file is longer than [`MOST_LINES`].
pub(crate) fn files_are_short(files: &[SourceFile]) -> Vec<String> {
    files
        .iter()
        .map(|file| (file, file.lines_of_code()))
        .filter(|(_, lines)| *lines > MOST_LINES)
        .map(|(file, lines)| format!("{}: {lines} lines of code, {MOST_LINES} are the most", file.path))
        .collect()
}

/// Each file begins by saying what it is; only attributes of the file may stand before that. The entry of a fuzz
/// target says it by its name.
pub(crate) fn files_say_what_they_are(files: &[SourceFile]) -> Vec<String> {
    files
        .iter()
        .filter(|file| !file.path.contains("/fuzz_targets/"))
        .filter(|file| {
            let mut lines = file.text.lines().skip_while(|line| line.starts_with("#!["));
            !lines.next().is_some_and(|line| line.starts_with("//! "))
        })
        .map(|file| {
            format!(
                "{}: does not begin with a //! line that says what it is",
                file.path
            )
        })
        .collect()
}

/// Nothing but the clock modules reads a clock, nor lifts clippy's ban on it.
pub(crate) fn only_the_clock_modules_read_a_clock(files: &[SourceFile]) -> Vec<String> {
    each_path(files, |file, path| {
        let reads = CLOCKS.iter().any(|clock| ends_with(path, clock));
        (reads && !CLOCK_MODULES.contains(&file.path.as_str()))
            .then(|| format!("{path} is for the clock modules only"))
    })
}

/// No file names a folder of the machine it was written on.
pub(crate) fn no_file_names_a_machine_folder(files: &[SourceFile]) -> Vec<String> {
    let mut wrong = Vec::new();
    for file in files {
        let temporary = (!file.path.ends_with(".md")).then_some(TEMPORARY_FOLDER);
        wrong.extend(
            MACHINE_FOLDERS
                .into_iter()
                .chain(temporary)
                .filter(|folder| names_folder(&file.text, folder))
                .map(|folder| format!("{}: names {folder}", file.path)),
        );
    }
    wrong
}

/// Whether the text names this folder of the root, and not one of the same name elsewhere.
fn names_folder(text: &str, folder: &str) -> bool {
    text.match_indices(folder).any(|(position, _)| {
        let before = text.get(..position).and_then(|text| text.chars().next_back());
        before.is_none_or(|character| !character.is_alphanumeric() && !"./-_*})".contains(character))
    })
}

/// Nothing is left to be written later.
pub(crate) fn nothing_is_left_open(files: &[SourceFile]) -> Vec<String> {
    files
        .iter()
        .filter(|file| file.calls_macro("todo") || file.calls_macro("unimplemented"))
        .map(|file| format!("{}: has a todo! or unimplemented!", file.path))
        .collect()
}

fn each_path(files: &[SourceFile], wrong: impl Fn(&SourceFile, &str) -> Option<String>) -> Vec<String> {
    files
        .iter()
        .flat_map(|file| {
            let found = file.paths();
            let wrong = &wrong;
            found
                .iter()
                .filter_map(|path| Some(format!("{}: {}", file.path, wrong(file, path)?)))
                .collect::<Vec<_>>()
        })
        .collect()
}

/// Whether the path is `start` or leads on from there.
fn begins_with(path: &str, start: &str) -> bool {
    path.strip_prefix(start)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

/// Whether the path is `end` or leads there.
fn ends_with(path: &str, end: &str) -> bool {
    path.strip_suffix(end)
        .is_some_and(|rest| rest.is_empty() || rest.ends_with("::"))
}
