//! A table of the file, read setting by setting. What is asked for is what the table may hold: anything else is
//! reported by [`Table::finish`], so that there is no second list of the settings.

use std::cell::RefCell;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::problem::{Place, Problem, Report};
use crate::value::{Complaint, did_you_mean, kind_of, shown};

/// A table of the file, as far as it is there.
pub(crate) struct Table<'a> {
    /// How messages call it: `[studio]`, `[[reader]] "entry reader"`.
    title: String,
    /// Its header, or where it would be.
    header: Place,
    entries: Option<&'a DeTable<'a>>,
    asked: RefCell<Vec<&'static str>>,
    report: &'a Report,
}

impl<'a> Table<'a> {
    /// The whole file.
    pub(crate) fn root(document: &'a Spanned<DeTable<'a>>, end: usize, report: &'a Report) -> Self {
        let entries = Some(document.get_ref());
        Self {
            title: "the file".to_owned(),
            header: end..end,
            entries,
            asked: RefCell::default(),
            report,
        }
    }

    fn child(&self, title: String, header: Place, entries: Option<&'a DeTable<'a>>) -> Self {
        Self {
            title,
            header,
            entries,
            asked: RefCell::default(),
            report: self.report,
        }
    }

    pub(crate) fn title(&self) -> &str {
        &self.title
    }

    pub(crate) fn report(&self) -> &'a Report {
        self.report
    }

    /// Calls it by its name from now on.
    pub(crate) fn entitle(&mut self, kind: &str) {
        if let Some(name) = self.text_of("name") {
            self.title = format!("[[{kind}]] {}", shown(name));
        }
    }

    fn entry(&self, key: &str) -> Option<(&'a Spanned<std::borrow::Cow<'a, str>>, &'a Spanned<DeValue<'a>>)> {
        self.entries?.get_key_value(key)
    }

    fn ask(&self, key: &'static str) -> Option<&'a Spanned<DeValue<'a>>> {
        self.pass_over(&[key]);
        self.entry(key).map(|(_, value)| value)
    }

    /// Where the value of `key` is; the header when it is not there.
    pub(crate) fn place_of(&self, key: &str) -> Place {
        self.entry(key)
            .map_or_else(|| self.header.clone(), |(_, value)| value.span())
    }

    /// Where the header is.
    pub(crate) fn header(&self) -> Place {
        self.header.clone()
    }

    /// The text at `key`, unchecked.
    pub(crate) fn text_of(&self, key: &str) -> Option<&'a str> {
        self.entry(key)?.1.get_ref().as_str()
    }

    /// The whole number at `key`, unchecked.
    pub(crate) fn number_of(&self, key: &str) -> Option<u64> {
        let number = self.entry(key)?.1.get_ref().as_integer()?;
        u64::from_str_radix(number.as_str(), number.radix()).ok()
    }

    /// Whether `true` stands at `key`, unchecked.
    pub(crate) fn flag(&self, key: &str) -> bool {
        self.entry(key).and_then(|(_, value)| value.get_ref().as_bool()) == Some(true)
    }

    /// The texts in the list at `key`, unchecked.
    pub(crate) fn texts_of(&self, key: &str) -> Vec<&'a str> {
        let list = self.entry(key).and_then(|(_, value)| value.get_ref().as_array());
        let items = list.into_iter().flat_map(|list| list.iter());
        items.filter_map(|item| item.get_ref().as_str()).collect()
    }

    /// Whether `key` is there.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.entry(key).is_some()
    }

    /// Everything in the table, for one whose settings have names of their own making: name, its place, value.
    pub(crate) fn entries(
        &self,
    ) -> impl Iterator<Item = (&'a str, Place, &'a Spanned<DeValue<'a>>)> + use<'a> {
        self.entries
            .into_iter()
            .flatten()
            .map(|(key, value)| (key.get_ref().as_ref(), key.span(), value))
    }

    /// Keeps every value of this table out of what is shown.
    pub(crate) fn hide_values(&self) {
        self.entries
            .into_iter()
            .flatten()
            .for_each(|(_, value)| self.report.hide(value.span()));
    }

    /// A setting that must be there; `example` is a value as it would be written. `None` means: reported.
    pub(crate) fn required<T>(
        &self,
        key: &'static str,
        example: &str,
        read: impl Fn(&DeValue<'a>) -> Result<T, Complaint>,
    ) -> Option<T> {
        match self.ask(key) {
            Some(value) => self.read(key, value, read),
            None => self.missing(key, &format!("add `{key} = {example}`")),
        }
    }

    /// A setting with a default. `None` means: reported.
    pub(crate) fn or<T>(
        &self,
        key: &'static str,
        default: T,
        read: impl Fn(&DeValue<'a>) -> Result<T, Complaint>,
    ) -> Option<T> {
        self.ask(key)
            .map_or(Some(default), |value| self.read(key, value, read))
    }

    fn read<T>(
        &self,
        key: &str,
        value: &Spanned<DeValue<'a>>,
        read: impl Fn(&DeValue<'a>) -> Result<T, Complaint>,
    ) -> Option<T> {
        read(value.get_ref())
            .map_err(|complaint| self.report.add(complaint.about(key, value.span())))
            .ok()
    }

    /// Reports that `key` is missing, unless it is there misspelt, which [`Table::finish`] reports.
    pub(crate) fn missing<T>(&self, key: &'static str, fix: &str) -> Option<T> {
        self.pass_over(&[key]);
        let mut written = self.entries.into_iter().flatten().map(|(key, _)| key.get_ref());
        if written.any(|written| did_you_mean(written, &[key]).is_some()) {
            return None;
        }
        let label = format!("`{key}` belongs in {}", self.title);
        self.report.add(
            Problem::new(format!("`{key}` is missing"), self.header(), label)
                .with_fix(fix)
                .doubtful(),
        );
        None
    }

    /// A setting that has no meaning here: reported when it is there, with the reason.
    pub(crate) fn refuse(&self, key: &'static str, reason: &str) {
        let Some((written, _)) = self.entry(key) else {
            return;
        };
        self.pass_over(&[key]);
        let message = format!("`{key}` does not belong in {}", self.title);
        let problem = Problem::new(message, written.span(), reason);
        self.report
            .add(problem.with_fix(format!("remove `{key}`")).doubtful());
    }

    /// Settings that may be there but cannot be judged, because something they depend on is wrong.
    pub(crate) fn pass_over(&self, keys: &[&'static str]) {
        let mut asked = self.asked.borrow_mut();
        for key in keys {
            if !asked.contains(key) {
                asked.push(key);
            }
        }
    }

    /// A table inside this one, called `title` in messages; an empty one when it is not there.
    pub(crate) fn section(&self, key: &'static str, title: &str) -> Option<Table<'a>> {
        let Some(value) = self.ask(key) else {
            return Some(self.child(title.to_owned(), self.header(), None));
        };
        match value.get_ref() {
            DeValue::Table(entries) => Some(self.child(title.to_owned(), value.span(), Some(entries))),
            DeValue::Array(_) => {
                let problem = Problem::new(
                    format!("there is only one {title}"),
                    value.span(),
                    "this is a list",
                );
                self.report
                    .add(problem.with_fix(format!("write {title} with single brackets, once")));
                None
            }
            other => self.not_a_table(value.span(), title, other),
        }
    }

    /// A setting that is a few settings in braces. `None` means: reported, or not there.
    pub(crate) fn group(&self, key: &'static str, example: &str) -> Option<Table<'a>> {
        let value = self.ask(key)?;
        match value.get_ref() {
            DeValue::Table(entries) => Some(self.child(key.to_owned(), value.span(), Some(entries))),
            other => {
                let message = format!("`{key}` must be settings in braces");
                let problem = Problem::new(message, value.span(), format!("this is {}", kind_of(other)));
                self.report
                    .add(problem.with_fix(format!("write it like `{key} = {example}`")));
                None
            }
        }
    }

    /// A table inside this one that must be there. `None` means: reported.
    pub(crate) fn required_section(
        &self,
        key: &'static str,
        title: &str,
        example: &str,
    ) -> Option<Table<'a>> {
        if self.has(key) {
            return self.section(key, title);
        }
        self.pass_over(&[key]);
        let problem = Problem::new(
            format!("{title} is missing"),
            self.header(),
            "the file ends without it",
        );
        self.report.add(problem.with_fix(example).doubtful());
        None
    }

    /// The tables of a list such as `[[reader]]`.
    pub(crate) fn list(&self, key: &'static str) -> Vec<Table<'a>> {
        let title = format!("[[{key}]]");
        let Some(value) = self.ask(key) else {
            return Vec::new();
        };
        let items: Vec<&Spanned<DeValue<'a>>> = match value.get_ref() {
            DeValue::Array(items) => items.iter().collect(),
            DeValue::Table(_) => {
                let label = "single brackets make one table, not a list";
                let problem = Problem::new(format!("there may be more than one {key}"), value.span(), label);
                self.report
                    .add(problem.with_fix(format!("write {title} with double brackets")));
                vec![value]
            }
            _ => vec![value],
        };
        items
            .into_iter()
            .filter_map(|item| match item.get_ref() {
                DeValue::Table(entries) => {
                    let mut table = self.child(title.clone(), item.span(), Some(entries));
                    table.entitle(key);
                    Some(table)
                }
                other => self.not_a_table(item.span(), &title, other),
            })
            .collect()
    }

    fn not_a_table<T>(&self, place: Place, title: &str, value: &DeValue<'_>) -> Option<T> {
        let message = format!("{title} must be a table of settings");
        let problem = Problem::new(message, place, format!("this is {}", kind_of(value)));
        self.report
            .add(problem.with_fix(format!("write the line {title} and the settings below it")));
        None
    }

    /// Reports everything in the table that nobody asked for.
    pub(crate) fn finish(&self) {
        let asked = self.asked.borrow();
        for (key, _) in self.entries.into_iter().flatten() {
            let name = key.get_ref().as_ref();
            if asked.contains(&name) {
                continue;
            }
            let free: Vec<&str> = asked.iter().copied().filter(|known| !self.has(known)).collect();
            let fix = did_you_mean(name, &free).map_or_else(
                || format!("remove it; the settings here are {}", asked.join(", ")),
                |known| format!("did you mean `{known}`?"),
            );
            let label = format!("{} has no such setting", self.title);
            let problem = Problem::new(format!("unknown setting {}", shown(name)), key.span(), label);
            self.report.add(problem.with_fix(fix).doubtful());
        }
    }
}
