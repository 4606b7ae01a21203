//! Problems of a configuration file: collected while it is read, shown all together with place and fix.

use std::cell::RefCell;
use std::fmt;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::string::FromUtf8Error;

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};

/// Nobody reads more problems than this; a file of some other kind has thousands.
const MOST_PROBLEMS: usize = 100;

/// A place in the file: a range of bytes.
pub(crate) type Place = Range<usize>;

/// One problem of a configuration file.
#[derive(Clone, Debug)]
pub struct Problem {
    message: String,
    place: Option<Place>,
    label: String,
    related: Option<(Place, String)>,
    fix: String,
    doubtful: bool,
    position: Option<(usize, usize)>,
}

impl Problem {
    /// A problem in one sentence, the place of it, and the short remark shown at that place.
    pub(crate) fn new(message: impl Into<String>, place: Place, label: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            place: Some(place),
            label: label.into(),
            related: None,
            fix: String::new(),
            doubtful: false,
            position: None,
        }
    }

    /// What to do about it.
    pub(crate) fn with_fix(mut self, fix: impl Into<String>) -> Self {
        self.fix = fix.into();
        self
    }

    /// A second place that has to do with it.
    pub(crate) fn related(mut self, place: Place, label: impl Into<String>) -> Self {
        self.related = Some((place, label.into()));
        self
    }

    /// It may be the mere consequence of a syntax error elsewhere, so it is not shown beside one.
    pub(crate) fn doubtful(mut self) -> Self {
        self.doubtful = true;
        self
    }

    /// What is wrong, in one sentence.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What to do about it.
    #[must_use]
    pub fn fix(&self) -> &str {
        &self.fix
    }

    /// Line and column in characters, both from 1; `None` when the file could not be read at all.
    #[must_use]
    pub fn position(&self) -> Option<(usize, usize)> {
        self.position
    }
}

/// Collects problems while a file is read.
#[derive(Debug, Default)]
pub(crate) struct Report {
    problems: RefCell<Vec<Problem>>,
    hidden: RefCell<Vec<Place>>,
}

impl Report {
    /// Takes note of a problem, unless there are plenty.
    pub(crate) fn add(&self, problem: Problem) {
        let mut problems = self.problems.borrow_mut();
        if problems.len() < MOST_PROBLEMS {
            problems.push(problem);
        }
    }

    /// Keeps the text at `place` out of everything that is shown: it may be a secret.
    pub(crate) fn hide(&self, place: Place) {
        self.hidden.borrow_mut().push(place);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.problems.borrow().is_empty()
    }

    /// Takes note of the syntax errors, one a line, and drops what may only follow from them: what is doubtful,
    /// and what else was found on their lines.
    pub(crate) fn add_syntax_errors(&self, text: &str, mut errors: Vec<Problem>) {
        if errors.is_empty() {
            return;
        }
        let start = |problem: &Problem| problem.place.as_ref().map_or(0, |place| place.start);
        let line = |problem: &Problem| position(text, start(problem)).0;
        errors.sort_by_key(start);
        errors.dedup_by(|later, earlier| {
            text.get(start(earlier)..start(later))
                .is_some_and(|between| !between.contains('\n'))
        });
        errors.truncate(MOST_PROBLEMS);
        let broken: Vec<usize> = errors.iter().map(line).collect();
        let mut problems = self.problems.borrow_mut();
        problems.retain(|problem| !problem.doubtful && !broken.contains(&line(problem)));
        problems.extend(errors);
    }

    /// The problems in the order of the file, which is called `path` and holds `text`.
    pub(crate) fn into_problems(self, path: &Path, text: &str) -> Problems {
        let mut problems = self.problems.into_inner();
        problems.sort_by_key(|problem| problem.place.as_ref().map(|place| place.start));
        for problem in &mut problems {
            problem.position = problem.place.as_ref().map(|place| position(text, place.start));
        }
        Problems {
            path: path.to_owned(),
            text: mask(text, &self.hidden.into_inner()),
            problems,
        }
    }
}

/// Every problem of one configuration file.
#[derive(Clone, Debug)]
pub struct Problems {
    path: PathBuf,
    /// The file's text with its secrets masked.
    text: String,
    problems: Vec<Problem>,
}

impl Problems {
    /// The problems in the order of the file; at least one.
    pub fn iter(&self) -> impl Iterator<Item = &Problem> {
        self.problems.iter()
    }

    pub(crate) fn unreadable(path: &Path, error: &io::Error) -> Self {
        let fix = match error.kind() {
            io::ErrorKind::NotFound => "check the path, or copy the example configuration there and edit it",
            io::ErrorKind::PermissionDenied => "let this user read it: the service runs as a user of its own",
            io::ErrorKind::IsADirectory => "give the path of the file itself",
            _ => "check the file and the disk",
        };
        Self::without_text(path, format!("cannot read {}: {error}", path.display()), fix)
    }

    pub(crate) fn too_large(path: &Path, limit: u64) -> Self {
        let message = format!("{} is larger than {} KiB", path.display(), limit >> 10);
        Self::without_text(path, message, "this is not a configuration file: check the path")
    }

    fn without_text(path: &Path, message: String, fix: &str) -> Self {
        let mut problem = Problem::new(message, 0..0, "").with_fix(fix);
        problem.place = None;
        Self {
            path: path.to_owned(),
            text: String::new(),
            problems: vec![problem],
        }
    }

    pub(crate) fn not_utf8(path: &Path, error: &FromUtf8Error) -> Self {
        let start = error.utf8_error().valid_up_to();
        let text = String::from_utf8_lossy(error.as_bytes());
        let place = start..start + char::REPLACEMENT_CHARACTER.len_utf8();
        let report = Report::default();
        report.add(
            Problem::new(
                "the file is not UTF-8 text",
                place,
                "this byte belongs to no UTF-8 character",
            )
            .with_fix("save the file as UTF-8 in the editor"),
        );
        report.into_problems(path, &text)
    }

    /// All of it for people: per problem the message, file, line, column, the line with a caret, and the fix; a
    /// summary at the end. `colour` adds terminal colours.
    #[must_use]
    pub fn render(&self, colour: bool) -> String {
        let renderer = if colour {
            Renderer::styled()
        } else {
            Renderer::plain()
        };
        let path = self.path.display().to_string();
        let mut page = String::new();
        for problem in &self.problems {
            page.push_str(&renderer.render(&[self.group(&path, problem)]));
            page.push_str("\n\n");
        }
        page.push_str(&match self.problems.len() {
            1 => format!("1 problem in {path}: nothing was started\n"),
            MOST_PROBLEMS.. => format!("{MOST_PROBLEMS} problems or more in {path}: nothing was started\n"),
            many => format!("{many} problems in {path}: nothing was started\n"),
        });
        page
    }

    fn group<'a>(&'a self, path: &'a str, problem: &'a Problem) -> annotate_snippets::Group<'a> {
        let group = Level::ERROR.primary_title(problem.message.as_str());
        let help = Level::HELP.message(printable(&problem.fix));
        let Some(place) = &problem.place else {
            return group.element(help);
        };
        let mut snippet = Snippet::source(self.text.as_str()).path(path).annotation(
            AnnotationKind::Primary
                .span(self.within_line(place))
                .label(printable(&problem.label)),
        );
        if let Some((place, label)) = &problem.related {
            snippet = snippet.annotation(
                AnnotationKind::Context
                    .span(self.within_line(place))
                    .label(printable(label)),
            );
        }
        group.element(snippet).element(help)
    }

    /// The part of `place` on its first line, on character boundaries.
    fn within_line(&self, place: &Place) -> Place {
        let start = boundary(&self.text, place.start);
        let rest = self.text.get(start..).unwrap_or_default();
        let line = rest.find(['\n', '\r']).unwrap_or(rest.len());
        start..boundary(&self.text, place.end.clamp(start, start + line))
    }
}

/// The same as [`Problems::render`] without colour.
impl fmt::Display for Problems {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.render(false))
    }
}

impl std::error::Error for Problems {}

/// The last character boundary of `text` that is not after `byte`.
fn boundary(text: &str, byte: usize) -> usize {
    (0..=byte.min(text.len()))
        .rev()
        .find(|byte| text.is_char_boundary(*byte))
        .unwrap_or(0)
}

/// Line and column, both from 1, of the character at this byte.
fn position(text: &str, byte: usize) -> (usize, usize) {
    let before = text.get(..boundary(text, byte)).unwrap_or_default();
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let column = before.get(line_start..).unwrap_or_default().chars().count() + 1;
    (before.matches('\n').count() + 1, column)
}

/// `text` with everything at the `hidden` places replaced by as many bytes of stars, so that places stay right.
fn mask(text: &str, hidden: &[Place]) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut hidden: Vec<&Place> = hidden.iter().collect();
    hidden.sort_by_key(|place| place.start);
    let mut hidden = hidden.into_iter().peekable();
    let mut hidden_until = 0;
    for (byte, character) in text.char_indices() {
        while let Some(place) = hidden.next_if(|place| place.start <= byte) {
            hidden_until = hidden_until.max(place.end);
        }
        if byte < hidden_until && !matches!(character, '\n' | '\r') {
            masked.extend(std::iter::repeat_n('*', character.len_utf8()));
        } else {
            masked.push(character);
        }
    }
    masked
}

/// `text` without characters that would steer a terminal.
fn printable(text: &str) -> String {
    text.chars()
        .map(|c| {
            if c.is_control() {
                char::REPLACEMENT_CHARACTER
            } else {
                c
            }
        })
        .collect()
}
