//! Which path is which operation.

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{MethodRouter, delete, get, post, put};

use super::studio::Studio;
use super::{access, check_ins, control, customers, device, exchange, files, media, sign_up};

/// The largest body that is read, in bytes.
const MAX_BODY: usize = 16 << 20;

type Shared = Arc<Studio>;

/// The whole server.
pub(super) fn router(studio: &Shared) -> Router {
    vendor(studio)
        .nest("/_simulator", control_plane())
        .layer(from_fn_with_state(Arc::clone(studio), exchange::key_check))
        .layer(from_fn(exchange::error_bodies))
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .with_state(Arc::clone(studio))
}

/// The paths of the studio API and the device API.
fn vendor(studio: &Shared) -> Router<Shared> {
    let faulty = |name: &'static str, method: MethodRouter<Shared>| {
        method.route_layer(from_fn_with_state(
            (Arc::clone(studio), name),
            exchange::operation,
        ))
    };
    let operation = |name: &'static str, method: MethodRouter<Shared>| {
        let key = from_fn_with_state(Arc::clone(studio), exchange::key);
        faulty(name, method.route_layer(key))
    };
    let customer = Router::new()
        .route("/", operation("getCustomerById", get(customers::by_id)))
        .route(
            "/contracts",
            operation("getCustomersContracts", get(customers::contracts)),
        )
        .route("/benefits", operation("getBenefits", get(access::benefits)))
        .route(
            "/benefits/{key}/use",
            operation("useBenefit", post(access::use_benefit)),
        )
        .route(
            "/access-code",
            operation("getCustomerAccessCode", get(access::access_code)),
        )
        .route("/access-medium", operation("addAccessMedium", put(media::add)))
        .route("/access-mediums", operation("addAccessMediums", post(media::add)))
        .route(
            "/access-mediums/{medium}",
            operation("updateAccessMediums", put(media::update))
                .merge(operation("deleteAccessMediums", delete(media::delete))),
        )
        .route(
            "/access-restrictions",
            operation("setAccessRestriction", put(access::set_restriction)).merge(operation(
                "deleteAccessRestriction",
                delete(access::delete_restriction),
            )),
        )
        .route(
            "/activities/checkins",
            operation("getCustomersCheckinHistory", get(check_ins::history)),
        )
        .route("/checkin", operation("checkIn", post(check_ins::check_in)))
        .route("/checkout", operation("checkOut", post(check_ins::check_out)))
        .route(
            "/documents",
            operation("getDocuments", get(files::documents))
                .merge(operation("uploadDocument", post(files::upload_document))),
        )
        .route(
            "/documents/{document}",
            operation("getDocumentById", get(files::document)),
        )
        .route("/images", operation("updateImage", put(files::update_image)))
        .route(
            "/weighing",
            operation("createCustomerWeighing", post(files::weigh)),
        )
        .route(
            "/additional-information-field-assignments",
            operation(
                "setAdditionalInformationFieldAssignments",
                put(sign_up::assign_additional_fields),
            ),
        )
        .route(
            "/switch-studio",
            operation("switchStudio", post(sign_up::switch_studio)),
        );
    let customers = Router::new()
        .route("/", operation("getCustomers", get(customers::list)))
        .route("/by", operation("getCustomerBy", get(customers::by)))
        .route("/search", operation("searchCustomers", post(customers::search)))
        .route("/create", operation("createCustomer", post(sign_up::create)))
        .route(
            "/benefits",
            operation("getBenefitsByCardNumber", get(access::benefits_by)),
        )
        .route(
            "/contracts/by",
            operation("getCustomerContractsBy", get(customers::contracts_by)),
        )
        .route(
            "/measurement/latest",
            operation("getCustomerMeasurement", get(files::measurement)),
        )
        .route(
            "/additional-information-fields",
            operation("getAdditionalInformationFields", get(sign_up::additional_fields)),
        )
        .nest("/{id}", customer);
    Router::new()
        .nest("/v1/customers", customers)
        .route(
            "/v1/studios/utilization",
            operation("getUtilization", get(check_ins::utilization)),
        )
        .route(
            "/v1/studios/information",
            operation("getStudioInformation", get(check_ins::information)),
        )
        .route("/v1/devices", operation("getDevices", get(device::list)))
        .route(
            "/v1/devices/{device}/activate",
            operation("activateDevice", put(device::activate)),
        )
        .route(
            "/open-api/device/cardreader/identification",
            faulty("cardReaderIdentification", post(device::identify)),
        )
}

/// The paths behind the counter.
fn control_plane() -> Router<Shared> {
    let faults = get(control::faults)
        .put(control::set_faults)
        .delete(control::clear_faults);
    Router::new()
        .route("/check-ins", get(control::check_ins))
        .route(
            "/requests",
            get(control::requests).delete(control::forget_requests),
        )
        .route("/faults", faults)
        .route("/members", get(control::sample))
        .route(
            "/members/{id}/restriction",
            put(control::restrict).delete(control::unrestrict),
        )
}
