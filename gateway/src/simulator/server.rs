//! Which path is which operation.

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{MethodRouter, get, post, put};

use super::studio::Studio;
use super::{access, check_ins, control, customers, exchange};

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

/// The paths of the studio API.
fn vendor(studio: &Shared) -> Router<Shared> {
    let operation = |name: &'static str, method: MethodRouter<Shared>| {
        method
            .route_layer(from_fn_with_state(Arc::clone(studio), exchange::key))
            .route_layer(from_fn_with_state(
                (Arc::clone(studio), name),
                exchange::operation,
            ))
    };
    Router::new()
        .route("/v1/customers", operation("getCustomers", get(customers::list)))
        .route("/v1/customers/by", operation("getCustomerBy", get(customers::by)))
        .route(
            "/v1/customers/search",
            operation("searchCustomers", post(customers::search)),
        )
        .route(
            "/v1/customers/benefits",
            operation("getBenefitsByCardNumber", get(access::benefits_by)),
        )
        .route(
            "/v1/customers/contracts/by",
            operation("getCustomerContractsBy", get(customers::contracts_by)),
        )
        .route(
            "/v1/customers/{id}",
            operation("getCustomerById", get(customers::by_id)),
        )
        .route(
            "/v1/customers/{id}/contracts",
            operation("getCustomersContracts", get(customers::contracts)),
        )
        .route(
            "/v1/customers/{id}/benefits",
            operation("getBenefits", get(access::benefits)),
        )
        .route(
            "/v1/customers/{id}/benefits/{key}/use",
            operation("useBenefit", post(access::use_benefit)),
        )
        .route(
            "/v1/customers/{id}/access-code",
            operation("getCustomerAccessCode", get(access::access_code)),
        )
        .route(
            "/v1/customers/{id}/activities/checkins",
            operation("getCustomersCheckinHistory", get(check_ins::history)),
        )
        .route(
            "/v1/customers/{id}/checkin",
            operation("checkIn", post(check_ins::check_in)),
        )
        .route(
            "/v1/customers/{id}/checkout",
            operation("checkOut", post(check_ins::check_out)),
        )
        .route(
            "/v1/studios/utilization",
            operation("getUtilization", get(check_ins::utilization)),
        )
        .route(
            "/v1/studios/information",
            operation("getStudioInformation", get(check_ins::information)),
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
