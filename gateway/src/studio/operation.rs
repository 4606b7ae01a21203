//! The operations of the studio's API that this client knows, each with the scopes that its key needs. A table;
//! how an operation is called stands in the file of its theme.

/// One operation of the Open API or the Device API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Operation {
    /// Slices of all customers: the roster.
    Customers,
    /// Past check-ins of a customer.
    CheckInHistory,
    /// One customer by id.
    CustomerById,
    /// One customer by a credential or number.
    CustomerBy,
    /// Customers by name, e-mail or birthday.
    SearchCustomers,
    /// Contracts of a customer.
    Contracts,
    /// The body measurement that a credential's holder had last.
    Measurement,
    /// Contracts of a credential's holder.
    ContractsBy,
    /// Store a weighing.
    Weighing,
    /// Entitlements of a customer.
    Benefits,
    /// Entitlements of a card's holder.
    BenefitsByCard,
    /// Use up one entitlement.
    UseBenefit,
    /// The code that the member's app shows.
    AccessCode,
    /// Give a customer another card, PIN, barcode or pass.
    AddMedium,
    /// Replace the value of an access medium.
    UpdateMedium,
    /// Withdraw an access medium.
    DeleteMedium,
    /// Slices of a customer's documents.
    Documents,
    /// Store a document.
    UploadDocument,
    /// One document.
    Document,
    /// Replace the picture of a customer.
    UpdateImage,
    /// Block a customer.
    SetRestriction,
    /// Lift the block.
    DeleteRestriction,
    /// Create a prospect.
    CreateCustomer,
    /// The studio's own fields.
    InformationFields,
    /// Set the values of the studio's own fields for a customer.
    AssignInformation,
    /// Move a customer to another studio.
    SwitchStudio,
    /// The older way to add an access medium.
    AddMediumDeprecated,
    /// Report a visit.
    CheckIn,
    /// Report the end of a visit.
    CheckOut,
    /// Whether the key is valid.
    CheckKey,
    /// How full the studio is.
    Utilization,
    /// Name, address and opening hours of the studio.
    StudioInformation,
    /// The devices that the studio has created.
    Devices,
    /// Get the token of a device.
    ActivateDevice,
    /// Device API: may this credential's holder come in, and check in.
    Identify,
}

impl Operation {
    /// Its name, for logs and rate budgets: the vendor's `operationId`. Check-in, check-out and the key check have
    /// none in the published description.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Customers => "getCustomers",
            Self::CheckInHistory => "getCustomersCheckinHistory",
            Self::CustomerById => "getCustomerById",
            Self::CustomerBy => "getCustomerBy",
            Self::SearchCustomers => "searchCustomers",
            Self::Contracts => "getCustomersContracts",
            Self::Measurement => "getCustomerMeasurement",
            Self::ContractsBy => "getCustomerContractsBy",
            Self::Weighing => "createCustomerWeighing",
            Self::Benefits => "getBenefits",
            Self::BenefitsByCard => "getBenefitsByCardNumber",
            Self::UseBenefit => "useBenefit",
            Self::AccessCode => "getCustomerAccessCode",
            Self::AddMedium => "addAccessMediums",
            Self::UpdateMedium => "updateAccessMediums",
            Self::DeleteMedium => "deleteAccessMediums",
            Self::Documents => "getDocuments",
            Self::UploadDocument => "uploadDocument",
            Self::Document => "getDocumentById",
            Self::UpdateImage => "updateImage",
            Self::SetRestriction => "setAccessRestriction",
            Self::DeleteRestriction => "deleteAccessRestriction",
            Self::CreateCustomer => "createCustomer",
            Self::InformationFields => "getAdditionalInformationFields",
            Self::AssignInformation => "setAdditionalInformationFieldAssignments",
            Self::SwitchStudio => "switchStudio",
            Self::AddMediumDeprecated => "addAccessMedium",
            Self::CheckIn => "checkin",
            Self::CheckOut => "checkout",
            Self::CheckKey => "checkKey",
            Self::Utilization => "getUtilization",
            Self::StudioInformation => "getStudioInformation",
            Self::Devices => "getDevices",
            Self::ActivateDevice => "activateDevice",
            Self::Identify => "cardReaderIdentification",
        }
    }

    /// What the operation does, to follow "could not".
    #[must_use]
    pub fn task(self) -> &'static str {
        match self {
            Self::Customers => "fetch the roster",
            Self::CheckInHistory => "ask for past check-ins",
            Self::CustomerById => "fetch a customer",
            Self::CustomerBy => "look up a credential",
            Self::SearchCustomers => "search customers",
            Self::Contracts => "fetch a customer's contracts",
            Self::Measurement => "fetch a measurement",
            Self::ContractsBy => "look up contracts by a credential",
            Self::Weighing => "store a weighing",
            Self::Benefits => "check a customer's benefits",
            Self::BenefitsByCard => "check a card's benefits",
            Self::UseBenefit => "use a benefit",
            Self::AccessCode => "fetch a customer's access code",
            Self::AddMedium | Self::AddMediumDeprecated => "add an access medium",
            Self::UpdateMedium => "replace an access medium",
            Self::DeleteMedium => "withdraw an access medium",
            Self::Documents => "list a customer's documents",
            Self::UploadDocument => "upload a document",
            Self::Document => "fetch a document",
            Self::UpdateImage => "replace a customer's picture",
            Self::SetRestriction => "block a customer",
            Self::DeleteRestriction => "lift a customer's block",
            Self::CreateCustomer => "create a customer",
            Self::InformationFields => "list the additional information fields",
            Self::AssignInformation => "set a customer's additional information",
            Self::SwitchStudio => "move a customer to another studio",
            Self::CheckIn => "report a check-in",
            Self::CheckOut => "report a check-out",
            Self::CheckKey => "check the API key",
            Self::Utilization => "ask how full the studio is",
            Self::StudioInformation => "fetch the studio's details",
            Self::Devices => "list the studio's devices",
            Self::ActivateDevice => "activate a device",
            Self::Identify => "identify at the device API",
        }
    }

    /// The scopes that allow the operation; any one of them is enough. Empty where a valid key or token is.
    ///
    /// Source: the operation descriptions of the vendor's Open API; for check-in and check-out, which appear in
    /// later descriptions only, `CHECKIN_WRITE`.
    #[must_use]
    pub fn scopes(self) -> &'static [&'static str] {
        match self {
            Self::Customers
            | Self::CustomerById
            | Self::CustomerBy
            | Self::SearchCustomers
            | Self::AccessCode => &["CUSTOMER_READ"],
            Self::CheckInHistory => &["CHECKIN_READ"],
            Self::CheckIn | Self::CheckOut => &["CHECKIN_WRITE"],
            Self::Contracts | Self::ContractsBy => &["CUSTOMER_CONTRACT_READ", "CUSTOMER_READ"],
            Self::Measurement => &["CUSTOMER_MEASUREMENT_READ", "CUSTOMER_READ"],
            Self::Weighing => &["CUSTOMER_WEIGHING_WRITE", "CUSTOMER_WRITE"],
            Self::Benefits | Self::BenefitsByCard => &["CUSTOMER_BENEFIT_READ", "CUSTOMER_READ"],
            Self::UseBenefit => &["CUSTOMER_BENEFIT_WRITE", "CUSTOMER_WRITE"],
            Self::AddMedium | Self::AddMediumDeprecated | Self::UpdateMedium | Self::DeleteMedium => {
                &["CUSTOMER_ACCESS_MEDIUM_WRITE"]
            }
            Self::Documents | Self::Document => &["CUSTOMER_DOCUMENT_READ"],
            Self::UploadDocument => &["CUSTOMER_DOCUMENT_WRITE"],
            Self::SetRestriction | Self::DeleteRestriction => &["CUSTOMER_ACCESS_RESTRICTION_WRITE"],
            Self::UpdateImage | Self::CreateCustomer | Self::SwitchStudio => &["CUSTOMER_WRITE"],
            Self::InformationFields => &["ADDITIONAL_INFORMATION_READ"],
            Self::AssignInformation => &["ADDITIONAL_INFORMATION_WRITE"],
            Self::Utilization | Self::StudioInformation => &["STUDIO_READ"],
            Self::Devices => &["DEVICE_READ"],
            Self::ActivateDevice => &["DEVICE_WRITE"],
            Self::CheckKey | Self::Identify => &[],
        }
    }
}
