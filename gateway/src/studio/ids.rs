//! The studio's numbers of things, so that none is taken for another.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub i64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )*};
}

ids! {
    /// A studio of the chain.
    StudioId
    /// An access medium of a customer.
    MediumId
    /// A document of a customer.
    DocumentId
    /// A contract of a customer.
    ContractId
    /// A device that the studio has created.
    DeviceId
    /// One of the studio's own fields.
    InformationFieldId
    /// One choice of such a field.
    InformationItemId
}
