//! What the delivery needs of a studio. The client of the real one has more; a model for tests has no more.

use std::future::Future;

use jiff::ZonedDateTime;
use jiff::civil::Date;

use crate::budget::{Budget, Rank};
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

/// The real studio, inside the request budget: every request waits for its turn and then goes once.
pub struct WithinBudget {
    studio: StudioClient,
    budget: Budget,
}

impl WithinBudget {
    /// With the budget that all who ask this studio share.
    #[must_use]
    pub fn new(studio: StudioClient, budget: Budget) -> Self {
        Self { studio, budget }
    }

    async fn in_turn<T>(
        &self,
        request: impl Future<Output = Result<T, StudioError>>,
    ) -> Result<T, StudioError> {
        self.budget.take(Rank::Delivery, 1).await;
        let answer = request.await;
        self.budget.note(&answer);
        answer
    }
}

impl Studio for WithinBudget {
    async fn report(
        &self,
        customer: CustomerId,
        direction: Direction,
        at: &ZonedDateTime,
    ) -> Result<(), StudioError> {
        self.in_turn(async {
            match direction {
                Direction::In => self.studio.check_in(customer, at).await,
                Direction::Out => self.studio.check_out(customer, at).await,
            }
        })
        .await
    }

    async fn history(
        &self,
        customer: CustomerId,
        from: Date,
        to: Date,
    ) -> Result<Vec<PastCheckIn>, StudioError> {
        self.in_turn(self.studio.check_in_history(customer, from, to))
            .await
    }

    async fn holder(&self, credential: &Credential) -> Result<Option<CustomerId>, StudioError> {
        let found = self.in_turn(self.studio.member_by(credential)).await?;
        Ok(found.map(|member| member.customer))
    }
}
