//! One call of each operation, for tests that go through all of them.

use std::pin::pin;

use futures_util::TryStreamExt;
use jiff::civil::date;
use turnstile_gateway::domain::{AccessRestriction, CardNumber, Credential, CustomerId, DateRange};
use turnstile_gateway::studio::{
    ContractStatus, CustomerKey, CustomerSearch, DeviceId, DocumentId, InformationFieldId, InformationValue,
    Language, MediumId, NewCustomer, Operation, Personal, StudioClient, StudioError, StudioId, Upload,
    Weighing,
};

/// The operations of the vendor's customers section.
pub(crate) const OPERATIONS: [Operation; 27] = [
    Operation::Customers,
    Operation::CheckInHistory,
    Operation::CustomerById,
    Operation::CustomerBy,
    Operation::SearchCustomers,
    Operation::Contracts,
    Operation::Measurement,
    Operation::ContractsBy,
    Operation::Weighing,
    Operation::Benefits,
    Operation::BenefitsByCard,
    Operation::UseBenefit,
    Operation::AccessCode,
    Operation::AddMedium,
    Operation::UpdateMedium,
    Operation::DeleteMedium,
    Operation::Documents,
    Operation::UploadDocument,
    Operation::Document,
    Operation::UpdateImage,
    Operation::SetRestriction,
    Operation::DeleteRestriction,
    Operation::CreateCustomer,
    Operation::InformationFields,
    Operation::AssignInformation,
    Operation::SwitchStudio,
    Operation::AddMediumDeprecated,
];

/// The operations outside that section that the client calls.
pub(crate) const MORE_OPERATIONS: [Operation; 4] = [
    Operation::Utilization,
    Operation::StudioInformation,
    Operation::Devices,
    Operation::ActivateDevice,
];

/// Calls one operation once, in one of two ways that alternate from round to round.
pub(crate) async fn call(
    client: &StudioClient,
    operation: Operation,
    round: usize,
) -> Result<(), StudioError> {
    let customer = CustomerId(4_711);
    let odd = round % 2 == 1;
    let card = Credential::Card(CardNumber::from_decimal("1173673668653440").unwrap());
    let code = Credential::Code("PSZEYAZ7".into());
    let uuid = Credential::CodeUuid("f8017d3d-1ab6-467d-b57d-0328e7978906".into());
    let credential = if odd { &card } else { &code };
    let status = odd.then_some(ContractStatus::Active);
    let keys: &[String] = if odd { &["gym".into(), "pool".into()] } else { &[] };
    let file = Upload {
        file_name: "file.pdf".into(),
        content: b"content".to_vec(),
    };
    match operation {
        Operation::Customers => {
            let slice = client.members_slice(odd.then_some("17"), 500).await?;
            assert_eq!(slice.unreadable, 0, "customers of the slice cannot be read");
        }
        Operation::CheckInHistory => {
            client
                .check_in_history(customer, date(2024, 1, 1), date(2024, 12, 30))
                .await?;
        }
        Operation::CustomerById => {
            client.member(customer).await?;
            client.profile(customer).await?;
        }
        Operation::CustomerBy => {
            for credential in [&card, &code, &uuid] {
                client.member_by(credential).await?;
            }
            client
                .profile_by(&CustomerKey::CustomerNumber("1-10003".into()))
                .await?;
            client.profile_by(&CustomerKey::DebtorId("7".into())).await?;
        }
        Operation::SearchCustomers => {
            let mut search = CustomerSearch {
                last_name: Some(Personal::new("B".into())),
                ..CustomerSearch::default()
            };
            if odd {
                search.first_name = Some(Personal::new("A".into()));
                search.email = Some(Personal::new("a@studio.example".into()));
                search.date_of_birth = Some(Personal::new(date(1990, 5, 17)));
            }
            client.search(&search).await?;
        }
        Operation::Contracts => {
            client.contracts(customer, status).await?;
        }
        Operation::Measurement => {
            client.measurement(if odd { &uuid } else { credential }).await?;
        }
        Operation::ContractsBy => {
            client
                .contracts_by(&CustomerKey::Credential(credential.clone()), status)
                .await?;
        }
        Operation::Weighing => {
            let mut weighing = Weighing {
                raw_results: "raw".into(),
                weight: Some(71.5),
                visceral_fat_level: odd.then_some(3),
                ..Weighing::default()
            };
            weighing.fat_percent.right_leg = Some(12.25);
            client
                .store_weighing(customer, weighing, odd.then_some("scale"))
                .await?;
        }
        Operation::Benefits => {
            client.benefits(customer, keys).await?;
        }
        Operation::BenefitsByCard => {
            let number = CardNumber::from_decimal("1173673668653440").unwrap();
            client.benefits_by_card(&number, keys).await?;
        }
        Operation::UseBenefit => client.use_benefit(customer, "gym entry").await?,
        Operation::AccessCode => {
            client.access_code(customer).await?;
        }
        Operation::AddMedium => {
            client.add_medium(customer, credential).await?;
        }
        Operation::UpdateMedium => {
            client.replace_medium(customer, MediumId(5), credential).await?;
        }
        Operation::DeleteMedium => client.withdraw_medium(customer, MediumId(5)).await?,
        Operation::Documents => {
            pin!(client.documents(customer)).try_next().await?;
        }
        Operation::UploadDocument => {
            client
                .upload_document(customer, file, odd.then_some("consent"))
                .await?;
        }
        Operation::Document => {
            client.document(customer, DocumentId(5)).await?;
        }
        Operation::UpdateImage => {
            client.update_image(customer, file).await?;
        }
        Operation::SetRestriction => {
            let restriction = AccessRestriction {
                reason: "unpaid".into(),
                period: odd.then(|| DateRange {
                    first: date(2024, 1, 1),
                    last: date(2024, 1, 31),
                }),
            };
            client.set_restriction(customer, &restriction).await?;
        }
        Operation::DeleteRestriction => client.lift_restriction(customer).await?,
        Operation::CreateCustomer => {
            client.create_customer(&prospect(odd)).await?;
        }
        Operation::InformationFields => {
            client.information_fields().await?;
        }
        Operation::AssignInformation => {
            client.set_information(customer, &[information()]).await?;
        }
        Operation::SwitchStudio => {
            let why = odd.then_some("moved house");
            client
                .switch_studio(customer, StudioId(9), date(2024, 3, 1), why)
                .await?;
        }
        Operation::AddMediumDeprecated => {
            client.add_medium_deprecated(customer, credential).await?;
        }
        Operation::Utilization => {
            client.utilization().await?;
        }
        Operation::StudioInformation => {
            client.studio_information().await?;
        }
        Operation::Devices => {
            client.devices().await?;
        }
        Operation::ActivateDevice => {
            client.activate_device(DeviceId(3)).await?;
        }
        unknown => panic!("{unknown:?} has no call"),
    }
    Ok(())
}

fn information() -> InformationValue {
    InformationValue {
        field: InformationFieldId(3),
        value: Personal::new("blue".into()),
    }
}

fn prospect(complete: bool) -> NewCustomer {
    let text = |text: &str| Personal::new(text.to_owned());
    NewCustomer {
        first_name: text("A"),
        last_name: text("B"),
        date_of_birth: Personal::new(date(1990, 5, 17)),
        email: text("a@studio.example"),
        language: Language {
            language_code: "de".into(),
            country_code: complete.then(|| "AT".into()),
        },
        street: text("Hauptweg"),
        house_number: complete.then(|| text("3a")),
        zip_code: text("12345"),
        city: text("Musterstadt"),
        country_code: "DE".into(),
        phone: complete.then(|| text("0123")),
        third_party_id: complete.then(|| "x-1".into()),
        information: if complete { vec![information()] } else { Vec::new() },
    }
}
