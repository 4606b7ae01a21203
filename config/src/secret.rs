//! Keys and tokens: where each is kept, and how it is read from there. None is ever in the configuration file, and
//! the type that holds one never shows it.

use std::ffi::OsString;
use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// A key longer than this is some other file.
const MOST_BYTES: u64 = 4096;

/// The environment variable in which systemd names the folder of a unit's credentials (systemd.exec(5)).
const CREDENTIALS_DIRECTORY: &str = "CREDENTIALS_DIRECTORY";

/// That folder of the packaged service, while it runs (systemd.exec(5)). Only root and the service may read it.
const SERVICE_CREDENTIALS: &str = "/run/credentials/turnstile-gateway.service";

/// Where a key or token is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretSource {
    /// A systemd credential of this name (`LoadCredential=` or `LoadCredentialEncrypted=` in the unit).
    Credential(String),
    /// A file that holds the key and nothing else.
    File(PathBuf),
    /// An environment variable of this name.
    Env(String),
}

impl SecretSource {
    /// Reads the key now. One newline at its end is dropped. A credential of a program that was started by hand is
    /// looked for among those of the running service.
    ///
    /// # Errors
    /// When it is not where it should be, is empty, or holds anything but printable ASCII.
    pub fn read(&self) -> Result<Secret, SecretError> {
        self.read_with(|name| std::env::var_os(name).or_else(|| of_the_service(name)))
    }

    fn read_with(&self, environment: impl Fn(&str) -> Option<OsString>) -> Result<Secret, SecretError> {
        let bytes = match self {
            Self::Credential(name) => {
                let folder =
                    environment(CREDENTIALS_DIRECTORY).ok_or_else(|| SecretError::NoCredentials {
                        credential: name.clone(),
                    })?;
                let path = Path::new(&folder).join(name);
                read_file(&path).map_err(|source| SecretError::Credential {
                    credential: name.clone(),
                    path,
                    source,
                })?
            }
            Self::File(path) => read_file(path).map_err(|source| SecretError::File {
                path: path.clone(),
                source,
            })?,
            Self::Env(name) => environment(name)
                .ok_or_else(|| SecretError::Env {
                    variable: name.clone(),
                })?
                .into_encoded_bytes(),
        };
        Secret::new(bytes).map_err(|why| SecretError::Unusable {
            place: self.to_string(),
            why,
        })
    }
}

/// In words, for messages: `file /etc/key`.
impl fmt::Display for SecretSource {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Credential(name) => write!(formatter, "systemd credential {name:?}"),
            Self::File(path) => write!(formatter, "file {}", path.display()),
            Self::Env(name) => write!(formatter, "environment variable {name}"),
        }
    }
}

/// The commands at the desk are no services and get no credentials, but they run as root beside the service.
fn of_the_service(name: &str) -> Option<OsString> {
    (name == CREDENTIALS_DIRECTORY && Path::new(SERVICE_CREDENTIALS).is_dir())
        .then(|| SERVICE_CREDENTIALS.into())
}

fn read_file(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(MOST_BYTES + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// A key that neither `Debug` nor anything else but [`Secret::expose`] shows. Printable ASCII, not empty.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    fn new(bytes: Vec<u8>) -> Result<Self, &'static str> {
        let mut key = match String::from_utf8(bytes) {
            Ok(key) if key.len() as u64 <= MOST_BYTES => key,
            Ok(_) => return Err("it is far too long for a key"),
            Err(_) => return Err("it is not text"),
        };
        if key.ends_with('\n') {
            key.truncate(key.len() - if key.ends_with("\r\n") { 2 } else { 1 });
        }
        if key.is_empty() {
            Err("it is empty")
        } else if key.bytes().all(|byte| byte.is_ascii_graphic()) {
            Ok(Self(key))
        } else {
            Err("it holds spaces, line breaks or characters that no key has")
        }
    }

    /// The key itself, for the one place that sends it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret(hidden)")
    }
}

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The program was not started with credentials.
    #[error(
        "a key should come from the systemd credential {credential:?}, but this program was started \
         without credentials: add `LoadCredential={credential}:FILE` to its unit; for a command, start the \
         service first and run it as root; or write `{{ file = \"...\" }}` instead to start it by hand"
    )]
    NoCredentials {
        /// Name of the credential.
        credential: String,
    },
    /// The credential cannot be read.
    #[error(
        "cannot read the key from the systemd credential {credential:?} ({path}): {source}; check that \
         the unit has `LoadCredential={credential}:FILE`"
    )]
    Credential {
        /// Name of the credential.
        credential: String,
        /// Where systemd should have put it.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file cannot be read.
    #[error("cannot read the key from {path}: {source}; check the path, and that this user may read it")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The environment variable is not set.
    #[error(
        "a key should be in the environment variable {variable}, which is not set: set it and start again"
    )]
    Env {
        /// Name of the variable.
        variable: String,
    },
    /// Something is there, but not a key.
    #[error("the key in the {place} cannot be used: {why}; put the key there and nothing else")]
    Unusable {
        /// Where it was read from.
        place: String,
        /// What is wrong with it.
        why: &'static str,
    },
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn nothing(_: &str) -> Option<OsString> {
        None
    }

    fn holds(value: &str) -> impl Fn(&str) -> Option<OsString> {
        let value = OsString::from(value);
        move |name| (name == "STUDIO_KEY").then(|| value.clone())
    }

    #[test]
    fn a_key_is_read_from_a_file_without_its_last_newline() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        for content in ["abc-123", "abc-123\n", "abc-123\r\n"] {
            fs::write(&path, content).unwrap();
            assert_eq!(
                SecretSource::File(path.clone()).read().unwrap().expose(),
                "abc-123"
            );
        }
    }

    #[test]
    fn a_key_is_read_from_the_folder_that_systemd_names() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("studio-api-key"), "abc\n").unwrap();
        let environment =
            |name: &str| (name == CREDENTIALS_DIRECTORY).then(|| folder.path().as_os_str().to_owned());
        let secret = SecretSource::Credential("studio-api-key".to_owned())
            .read_with(environment)
            .unwrap();
        assert_eq!(secret.expose(), "abc");
        let missing = SecretSource::Credential("other".to_owned())
            .read_with(environment)
            .unwrap_err()
            .to_string();
        assert!(missing.contains("LoadCredential=other:FILE"), "{missing}");
    }

    #[test]
    fn a_key_is_read_from_the_environment() {
        let source = SecretSource::Env("STUDIO_KEY".to_owned());
        assert_eq!(source.read_with(holds("abc")).unwrap().expose(), "abc");
        let error = source.read_with(nothing).unwrap_err().to_string();
        assert!(error.contains("STUDIO_KEY, which is not set"), "{error}");
    }

    #[test]
    fn a_missing_file_and_a_start_without_credentials_are_named_with_their_fix() {
        let error = SecretSource::File("/nowhere/key".into())
            .read()
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("/nowhere/key") && error.contains("check the path"),
            "{error}"
        );
        let error = SecretSource::Credential("k".to_owned())
            .read_with(nothing)
            .unwrap_err()
            .to_string();
        assert!(error.contains("started without credentials"), "{error}");
    }

    #[test]
    fn what_is_not_a_key_is_refused_without_being_shown() {
        let long = "k".repeat(5000);
        for key in [
            "",
            "\n",
            "two words",
            "abc\n\n",
            "schlüssel",
            "tab\there",
            "\u{7f}",
            &long,
        ] {
            let error = SecretSource::Env("STUDIO_KEY".to_owned())
                .read_with(holds(key))
                .unwrap_err();
            assert!(matches!(error, SecretError::Unusable { .. }), "{key:?}: {error}");
            assert!(
                key.trim().is_empty() || !format!("{error} {error:?}").contains(key.trim()),
                "{error}"
            );
        }
    }

    #[test]
    fn a_secret_does_not_show_itself() {
        let secret = SecretSource::Env("STUDIO_KEY".to_owned())
            .read_with(holds("abc"))
            .unwrap();
        assert_eq!(format!("{secret:?}"), "Secret(hidden)");
    }
}
