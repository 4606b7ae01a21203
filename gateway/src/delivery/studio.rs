//! What the delivery needs of a studio. The client of the real one has more; a model for tests has no more.

use std::future::Future;

use jiff::ZonedDateTime;
use jiff::civil::Date;

use crate::domain::{Credential, CustomerId, Direction};
use crate::studio::{PastCheckIn, StudioClient, StudioError};

/// A studio that takes check-ins.
pub trait Studio: Send + Sync + 'static {
    /// Reports a visit.
    fn report(
        &self,
        customer: CustomerId,
        direction: Direction,
        at: &ZonedDateTime,
    ) -> impl Future<Output = Result<(), StudioError>> + Send;

    /// The visits it has of a customer, from day to day of its calendar, both included.
    fn history(
        &self,
        customer: CustomerId,
        from: Date,
        to: Date,
    ) -> impl Future<Output = Result<Vec<PastCheckIn>, StudioError>> + Send;

    /// Who holds a credential now.
    fn holder(
        &self,
        credential: &Credential,
    ) -> impl Future<Output = Result<Option<CustomerId>, StudioError>> + Send;
}

impl Studio for StudioClient {
    async fn report(
        &self,
        customer: CustomerId,
        direction: Direction,
        at: &ZonedDateTime,
    ) -> Result<(), StudioError> {
        match direction {
            Direction::In => self.check_in(customer, at).await,
            Direction::Out => self.check_out(customer, at).await,
        }
    }

    async fn history(
        &self,
        customer: CustomerId,
        from: Date,
        to: Date,
    ) -> Result<Vec<PastCheckIn>, StudioError> {
        self.check_in_history(customer, from, to).await
    }

    async fn holder(&self, credential: &Credential) -> Result<Option<CustomerId>, StudioError> {
        Ok(self.member_by(credential).await?.map(|member| member.customer))
    }
}
