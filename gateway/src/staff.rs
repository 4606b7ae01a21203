//! Staff credentials, which open when all else fails. The settings hold them only as keyed hashes, so that nobody
//! who reads the file learns a card number or a PIN; the key is a file of this gateway.

use std::fmt;
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, fchown};
use std::path::{Path, PathBuf};

use hmac::{Hmac, KeyInit, Mac};
use rand::Rng;
use sha2::Sha256;

use crate::domain::Credential;

/// Who is staff, by the hashes of their credentials.
pub struct Staff {
    key: StaffKey,
    members: Vec<(String, [u8; 32])>,
}

/// Random bytes, as many as SHA-256 takes at a time.
const KEY_BYTES: usize = 64;

/// The key of the hashes.
pub struct StaffKey([u8; KEY_BYTES]);

/// Why the key of the hashes cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("cannot use the key of the staff credentials {}: {source}. Without it no staff credential opens", path.display())]
pub struct StaffKeyError {
    path: PathBuf,
    source: io::Error,
}

impl StaffKey {
    /// Reads `staff.key` in `folder`, or makes it.
    ///
    /// # Errors
    /// When it can neither be read nor made, or is too short.
    pub fn open(folder: &Path) -> Result<Self, StaffKeyError> {
        let path = folder.join("staff.key");
        read(&path)
            .or_else(|error| match error.kind() {
                io::ErrorKind::NotFound => make(&path),
                _ => Err(error),
            })
            .map(Self)
            .map_err(|source| StaffKeyError { path, source })
    }

    /// The hash of a credential.
    #[must_use]
    pub fn hash(&self, credential: &Credential) -> [u8; 32] {
        self.mac(credential).finalize().into_bytes().into()
    }

    fn mac(&self, credential: &Credential) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new(&self.0.into());
        let (kind, content) = match credential {
            Credential::Card(number) => ("card", number.decimal()),
            Credential::Code(content) => ("code", content.clone()),
            Credential::CodeUuid(uuid) => ("uuid", uuid.clone()),
            Credential::Pin(digits) => ("pin", digits.clone()),
            Credential::WalletPass(pass) => ("wallet-pass", pass.clone()),
        };
        // The kind has no zero byte, so no two credentials have the same text.
        mac.update(kind.as_bytes());
        mac.update(&[0]);
        mac.update(content.as_bytes());
        mac
    }
}

fn read(path: &Path) -> io::Result<[u8; KEY_BYTES]> {
    let mut key = [0; KEY_BYTES];
    let mut file = std::fs::File::open(path)?;
    file.read_exact(&mut key)?;
    Ok(key)
}

fn make(path: &Path) -> io::Result<[u8; KEY_BYTES]> {
    let mut key = [0; KEY_BYTES];
    rand::rng().fill_bytes(&mut key);
    let mut options = std::fs::File::options();
    let mut file = options.write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(&key)?;
    file.sync_all()?;
    // Made by root at a desk, it still belongs to the service; whoever is not root owns it anyway.
    if let Some(folder) = path.parent() {
        let owner = std::fs::metadata(folder)?;
        let _ = fchown(&file, Some(owner.uid()), Some(owner.gid()));
    }
    Ok(key)
}

impl Staff {
    /// Names and hashes of the settings.
    #[must_use]
    pub fn new(key: StaffKey, members: impl IntoIterator<Item = (String, [u8; 32])>) -> Self {
        Self {
            key,
            members: members.into_iter().collect(),
        }
    }

    /// Nobody is staff.
    #[must_use]
    pub fn nobody() -> Self {
        Self::new(StaffKey([0; KEY_BYTES]), [])
    }

    /// The name of the staff credential, if it is one. Takes the same time whichever it is.
    #[must_use]
    pub fn name_of(&self, credential: &Credential) -> Option<String> {
        if self.members.is_empty() {
            return None;
        }
        let mac = self.key.mac(credential);
        let mut found = None;
        for (name, hash) in &self.members {
            if mac.clone().verify_slice(hash).is_ok() {
                found = Some(name.clone());
            }
        }
        found
    }
}

impl fmt::Debug for Staff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Staff({} credentials)", self.members.len())
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::domain::CardNumber;

    fn card(digits: &str) -> Credential {
        Credential::Card(CardNumber::from_decimal(digits).unwrap())
    }

    #[test]
    fn a_staff_credential_is_known_by_its_hash_under_this_gateways_key_alone() {
        let folder = tempfile::tempdir().unwrap();
        let hash = StaffKey::open(folder.path()).unwrap().hash(&card("4711"));
        let staff = |folder: &Path| {
            let key = StaffKey::open(folder).unwrap();
            Staff::new(key, [("duty manager".to_owned(), hash)])
        };
        let here = staff(folder.path());
        assert_eq!(here.name_of(&card("4711")).as_deref(), Some("duty manager"));
        assert_eq!(here.name_of(&card("4712")), None);
        assert_eq!(here.name_of(&Credential::Pin("4711".into())), None);
        let elsewhere = tempfile::tempdir().unwrap();
        assert_eq!(staff(elsewhere.path()).name_of(&card("4711")), None);
        let mode = folder
            .path()
            .join("staff.key")
            .metadata()
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_short_key_is_refused_and_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("staff.key"), b"short").unwrap();
        assert!(StaffKey::open(folder.path()).is_err());
        assert_eq!(std::fs::read(folder.path().join("staff.key")).unwrap(), b"short");
    }
}
