//! A Rust source file as the rules see it: which of its characters are code, and which paths the code names.
//! It is a scanner, not a parser: it knows comments, literals, names and braces, nothing else of the language.

use std::collections::BTreeSet;
use std::iter::Peekable;

/// One source file of the workspace.
#[derive(Debug)]
pub(crate) struct SourceFile {
    /// Relative to the root of the workspace, with `/` between its parts.
    pub(crate) path: String,
    /// All of it.
    pub(crate) text: String,
}

impl SourceFile {
    /// A file with this content.
    pub(crate) fn new(path: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            text: text.into(),
        }
    }

    /// Whether it lies in this folder or is this file.
    pub(crate) fn is_in(&self, place: &str) -> bool {
        self.path
            .strip_prefix(place)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// The paths that the code names, such as `std::fs::read`, with the groups of `use` written out. A name alone
    /// counts where it is imported.
    pub(crate) fn paths(&self) -> Vec<String> {
        let code = visible(&self.text, &[Kind::Code]);
        let mut tokens = tokens(&code).peekable();
        let mut paths = Vec::new();
        let mut previous = None;
        while let Some(token) = tokens.next() {
            if let Token::Name(name) = token {
                let imported = matches!(previous, Some(Token::Name("use" | "crate")));
                follow(name.to_owned(), &mut tokens, &mut paths, imported);
            }
            previous = Some(token);
        }
        paths
    }

    /// Whether the code calls this macro.
    pub(crate) fn calls_macro(&self, name: &str) -> bool {
        let code = visible(&self.text, &[Kind::Code]);
        let tokens: Vec<Token> = tokens(&code).collect();
        tokens
            .windows(2)
            .any(|pair| pair == [Token::Name(name), Token::Sign('!')])
    }

    /// The types with fields or variants that serde reads or writes and that more than the parent module can see.
    /// One value in a name of its own, such as `pub struct CustomerId(pub i64)`, is no shape and not among them.
    pub(crate) fn exposed_shapes(&self) -> Vec<String> {
        let code = visible(&self.text, &[Kind::Code]);
        let mut tokens = tokens(&code).peekable();
        let mut shapes = Vec::new();
        let mut serde = false;
        while let Some(token) = tokens.next() {
            match token {
                Token::Name("derive") => {
                    serde |= tokens
                        .by_ref()
                        .take_while(|token| *token != Token::Sign(')'))
                        .any(|token| matches!(token, Token::Name("Serialize" | "Deserialize")));
                }
                Token::Name("pub") => {
                    let narrow = tokens.next_if_eq(&Token::Sign('(')).is_some()
                        && tokens.next_if_eq(&Token::Name("crate")).is_none();
                    tokens.next_if_eq(&Token::Sign(')'));
                    let is_type = |token: &Token| matches!(token, Token::Name("struct" | "enum"));
                    if serde && !narrow && tokens.next_if(is_type).is_some() {
                        serde = false;
                        let name = tokens.next();
                        let body = tokens.find(|token| matches!(token, Token::Sign('(' | '{' | ';')));
                        if let (Some(Token::Name(name)), Some(Token::Sign('{'))) = (name, body) {
                            shapes.push(name.to_owned());
                        }
                    }
                }
                Token::Name("struct" | "enum") => serde = false,
                Token::Name(_) | Token::Into | Token::Sign(_) => {}
            }
        }
        shapes
    }

    /// How many lines hold code: no blank lines, no comments, nothing under `#[cfg(test)]`.
    pub(crate) fn lines_of_code(&self) -> usize {
        let tests = test_lines(&visible(&self.text, &[Kind::Code]));
        visible(&self.text, &[Kind::Code, Kind::Literal])
            .lines()
            .enumerate()
            .filter(|(number, line)| !line.trim().is_empty() && !tests.contains(number))
            .count()
    }
}

/// What a character belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Code,
    Comment,
    Literal,
}

/// The text with every character of another kind than `kept` turned into a space; lines stay lines.
fn visible(text: &str, kept: &[Kind]) -> String {
    let mut result = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let (kind, length) = next_piece(rest, first);
        let (piece, remaining) = rest.split_at(length);
        for character in piece.chars() {
            result.push(if character == '\n' || kept.contains(&kind) {
                character
            } else {
                ' '
            });
        }
        rest = remaining;
    }
    result
}

/// The kind and the length in bytes of what stands at the beginning of `rest`.
fn next_piece(rest: &str, first: char) -> (Kind, usize) {
    if rest.starts_with("//") {
        (Kind::Comment, rest.find('\n').unwrap_or(rest.len()))
    } else if rest.starts_with("/*") {
        (Kind::Comment, block_comment(rest))
    } else if let Some(length) = raw_string(rest) {
        (Kind::Literal, length)
    } else if first == '"' {
        (Kind::Literal, quoted(rest, '"'))
    } else if is_character(rest) {
        (Kind::Literal, quoted(rest, '\''))
    } else {
        (Kind::Code, first.len_utf8())
    }
}

fn block_comment(rest: &str) -> usize {
    let mut depth = 0_usize;
    let mut characters = rest.char_indices().peekable();
    while let Some((position, character)) = characters.next() {
        let next = characters.peek().map(|(_, next)| *next);
        match (character, next) {
            ('/', Some('*')) => {
                depth += 1;
                characters.next();
            }
            ('*', Some('/')) => {
                depth = depth.saturating_sub(1);
                characters.next();
                if depth == 0 {
                    return position + 2;
                }
            }
            _ => {}
        }
    }
    rest.len()
}

/// The length of a raw string such as `r#"…"#`, with or without `b` or `c` before it.
fn raw_string(rest: &str) -> Option<usize> {
    let body = rest.strip_prefix(['b', 'c']).unwrap_or(rest).strip_prefix('r')?;
    let content = body.trim_start_matches('#');
    let hashes = body.len() - content.len();
    let content = content.strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(hashes));
    let start = rest.len() - content.len();
    Some(
        content
            .find(&end)
            .map_or(rest.len(), |found| start + found + end.len()),
    )
}

/// Whether a quote begins a character and not a lifetime.
fn is_character(rest: &str) -> bool {
    let mut characters = rest.chars();
    characters.next() == Some('\'')
        && match characters.next() {
            Some('\\') => true,
            Some(_) => characters.next() == Some('\''),
            None => false,
        }
}

fn quoted(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    for (position, character) in rest.char_indices().skip(1) {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if character == quote => return position + quote.len_utf8(),
            _ => {}
        }
    }
    rest.len()
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token<'a> {
    Name(&'a str),
    /// `::`
    Into,
    /// Any other character.
    Sign(char),
}

fn tokens(code: &str) -> impl Iterator<Item = Token<'_>> {
    let mut rest = code;
    std::iter::from_fn(move || {
        rest = rest.trim_start();
        let first = rest.chars().next()?;
        let length = rest
            .find(|c: char| !c.is_alphanumeric() && c != '_')
            .unwrap_or(rest.len());
        let (token, length) = if length > 0 {
            (Token::Name(rest.get(..length)?), length)
        } else if rest.starts_with("::") {
            (Token::Into, 2)
        } else {
            (Token::Sign(first), first.len_utf8())
        };
        rest = rest.get(length..)?;
        Some(token)
    })
}

/// Reads on after the first name of a path and notes where it leads, for each branch of a group. A path of one
/// name is noted only if it is `complete`.
fn follow<'a>(
    path: String,
    tokens: &mut Peekable<impl Iterator<Item = Token<'a>>>,
    paths: &mut Vec<String>,
    complete: bool,
) {
    if tokens.next_if_eq(&Token::Into).is_none() {
        if complete {
            paths.push(path);
        }
        return;
    }
    match tokens.peek().copied() {
        Some(Token::Name(name)) => {
            tokens.next();
            follow(format!("{path}::{name}"), tokens, paths, true);
        }
        Some(Token::Sign('{')) => {
            tokens.next();
            while let Some(token) = tokens.next_if(|token| *token != Token::Sign('}')) {
                match token {
                    Token::Name("as") => {
                        tokens.next();
                    }
                    Token::Name(name) => follow(format!("{path}::{name}"), tokens, paths, true),
                    Token::Into | Token::Sign(_) => {}
                }
            }
            tokens.next();
        }
        // A glob, or the type parameters of `Vec::<u8>`.
        _ => paths.push(path),
    }
}

/// The numbers of the lines that are compiled for tests only. `code` is without comments and literals.
fn test_lines(code: &str) -> BTreeSet<usize> {
    const MARK: &str = "#[cfg(test)]";
    let line_of = |position: usize| code.get(..position).unwrap_or(code).matches('\n').count();
    code.match_indices(MARK)
        .flat_map(|(start, _)| {
            line_of(start)..=line_of(start + item_length(code.get(start..).unwrap_or_default()))
        })
        .collect()
}

/// The length of the item at the beginning of `code`: to its semicolon or to the end of its braces.
fn item_length(code: &str) -> usize {
    let mut depth = 0_usize;
    for (position, character) in code.char_indices() {
        match character {
            ';' if depth == 0 => return position,
            '{' => depth += 1,
            '}' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return position;
                }
            }
            _ => {}
        }
    }
    code.len()
}
