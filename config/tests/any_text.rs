//! Whatever the file holds, it loads or there is a problem with a place in it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by a panic"
)]

use std::path::Path;

use config::parse;
use proptest::prelude::*;
use tempfile as _;

const EXAMPLE: &str = include_str!("../example.toml");

fn loads_or_explains(text: &str) {
    match parse(text, Path::new("config.toml")) {
        Ok(settings) => {
            let written = settings.effective();
            let again = parse(&written, Path::new("effective.toml"));
            assert_eq!(
                again.map_err(|problems| problems.to_string()),
                Ok(settings),
                "{written}"
            );
        }
        Err(problems) => {
            assert!(problems.iter().count() >= 1);
            for problem in problems.iter() {
                let (line, column) = problem.position().expect("a place");
                assert!(
                    (1..=text.split('\n').count() + 1).contains(&line) && column >= 1,
                    "{problem:?}"
                );
                assert!(
                    !problem.message().is_empty() && !problem.fix().is_empty(),
                    "{problem:?}"
                );
            }
            let page = problems.render(true);
            assert!(page.contains("nothing was started"), "{page}");
        }
    }
}

/// A place in the example, and what to put there instead of some characters.
fn edits() -> impl Strategy<Value = Vec<(usize, usize, String)>> {
    let tokens = prop_oneof![
        Just(String::new()),
        prop::sample::select(vec![
            "\"",
            "'",
            "\"\"\"",
            "=",
            "[",
            "]",
            "[[",
            "]]",
            "{",
            "}",
            ",",
            "#",
            "\n",
            "\r\n",
            "\\",
            "0",
            "-1",
            "1e9",
            "99999999999999999999",
            "\"1s\"",
            "true",
            "1979-05-27",
            "api_key = \"x\"",
            "ä",
            "\u{1b}[31m",
            "\t",
            "[lane]",
            "[[lane]]",
            "[reader]\n",
            "name = \"entry reader\"\n",
            ".",
            "pulse = 4\n",
        ])
        .prop_map(str::to_owned),
        any::<String>(),
    ];
    prop::collection::vec((0..EXAMPLE.len(), 0_usize..12, tokens), 1..6)
}

fn edited(edits: &[(usize, usize, String)]) -> String {
    let mut characters: Vec<char> = EXAMPLE.chars().collect();
    for (at, remove, insert) in edits {
        let start = (*at).min(characters.len());
        let end = (start + remove).min(characters.len());
        characters.splice(start..end, insert.chars());
    }
    characters.into_iter().collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_text_loads_or_is_explained(text: String) {
        loads_or_explains(&text);
    }

    #[test]
    fn any_edit_of_the_example_loads_or_is_explained(edits in edits()) {
        loads_or_explains(&edited(&edits));
    }

    #[test]
    fn the_example_without_some_of_its_lines_loads_or_is_explained(drop in prop::collection::vec(any::<bool>(), EXAMPLE.lines().count())) {
        let lines = EXAMPLE.lines().zip(&drop).filter(|(_, drop)| !**drop).map(|(line, _)| line);
        loads_or_explains(&lines.collect::<Vec<_>>().join("\n"));
    }

    #[test]
    fn the_example_with_some_of_its_remarks_made_settings_loads_or_is_explained(active in prop::collection::vec(any::<bool>(), EXAMPLE.lines().count())) {
        let uncomment = |(line, active): (&'static str, &bool)| match line.strip_prefix('#') {
            Some(setting) if *active && setting.contains(['=', '[']) => setting,
            _ => line,
        };
        loads_or_explains(&EXAMPLE.lines().zip(&active).map(uncomment).collect::<Vec<_>>().join("\n"));
    }
}
