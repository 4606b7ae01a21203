//! The workspace as it lies on disk: its files and its packages.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::rules::Package;
use crate::source::SourceFile;

/// Every Rust file.
pub(crate) fn sources() -> Vec<SourceFile> {
    let mut files = texts();
    files.retain(|file| file.path.ends_with(".rs"));
    assert!(!files.is_empty(), "no Rust files in {}", root().display());
    files
}

/// Every file that is text. What is built and what belongs to git is left out.
pub(crate) fn texts() -> Vec<SourceFile> {
    let mut files = Vec::new();
    collect(&root(), "", &mut files);
    files
}

fn collect(folder: &Path, prefix: &str, files: &mut Vec<SourceFile>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = format!("{prefix}{name}");
        if name == ".git" || name == "target" {
            continue;
        }
        if entry.path().is_dir() {
            collect(&entry.path(), &format!("{path}/"), files);
        } else if let Ok(text) = fs::read_to_string(entry.path()) {
            files.push(SourceFile::new(path, text));
        }
    }
}

/// The packages, as cargo sees them.
pub(crate) fn packages() -> Vec<Package> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .current_dir(root())
        .output();
    let metadata: Value = output
        .ok()
        .and_then(|output| serde_json::from_slice(&output.stdout).ok())
        .unwrap_or_default();
    let packages = metadata.get("packages").and_then(Value::as_array);
    packages.into_iter().flatten().map(package).collect()
}

fn package(metadata: &Value) -> Package {
    let text = |value: &Value, key: &str| {
        value
            .get(key)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let dependencies = |for_tests: bool| -> BTreeSet<String> {
        let all = metadata.get("dependencies").and_then(Value::as_array);
        all.into_iter()
            .flatten()
            .filter(|dependency| (text(dependency, "kind") == "dev") == for_tests)
            .map(|dependency| text(dependency, "name"))
            .collect()
    };
    let manifest = fs::read_to_string(text(metadata, "manifest_path")).unwrap_or_default();
    Package {
        name: text(metadata, "name"),
        dependencies: dependencies(false),
        test_dependencies: dependencies(true),
        workspace_lints: manifest.contains("[lints]\nworkspace = true\n"),
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}
