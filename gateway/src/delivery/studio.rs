//! What the delivery needs of a studio, and the studio's APIs as such a one: which call each way is. A model for tests
//! has no more.

use std::future::Future;

use jiff::ZonedDateTime;
use jiff::civil::Date;
use tracing::debug;

use crate::budget::{Budget, Rank};
use crate::domain::{Credential, CustomerId, Direction};
use crate::journal::{Visit, Way};
use crate::studio::{DeviceAction, DeviceClient, Identification, PastCheckIn, StudioClient, StudioError};

/// What the studio says to a visit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// It has it.
    Recorded,
    /// It will not have it as it is.
    Refused {
        /// The reason, in its words or ours.
        message: String,
    },
}

/// A studio that takes check-ins.
pub trait Studio: Send + Sync + 'static {
    /// Reports a visit, in its way. `at` is when it was, in the studio's time zone.
    fn report(
        &self,
        customer: CustomerId,
        visit: &Visit,
        at: &ZonedDateTime,
    ) -> impl Future<Output = Result<Told, StudioError>> + Send;

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

/// The studio's APIs.
pub struct StudioApis {
    /// Check-ins with their time, history, and holders of credentials.
    pub open_api: StudioClient,
    /// For [`Way::DeviceApi`].
    pub device_api: Option<DeviceClient>,
    /// The benefit that [`Way::BenefitUse`] uses.
    pub benefit: Option<String>,
    /// The budget that all who ask this studio share: every request waits for its turn and then goes once.
    pub budget: Budget,
}

impl Studio for StudioApis {
    async fn report(
        &self,
        customer: CustomerId,
        visit: &Visit,
        at: &ZonedDateTime,
    ) -> Result<Told, StudioError> {
        match visit.id.way {
            Way::OpenApi => {
                match visit.direction {
                    Direction::In => self.in_turn(self.open_api.check_in(customer, at)).await?,
                    Direction::Out => self.in_turn(self.open_api.check_out(customer, at)).await?,
                }
                Ok(Told::Recorded)
            }
            Way::DeviceApi => match (&self.device_api, &visit.presented) {
                (Some(device), Some(credential)) => self.identify(device, credential).await,
                (None, _) => Ok(refused("the way device-api is not set any more")),
                (_, None) => Ok(refused("what was presented is not kept any more")),
            },
            Way::BenefitUse => match &self.benefit {
                Some(benefit) => self.use_benefit(customer, benefit).await,
                None => Ok(refused("the way benefit-use is not set any more")),
            },
        }
    }

    async fn history(
        &self,
        customer: CustomerId,
        from: Date,
        to: Date,
    ) -> Result<Vec<PastCheckIn>, StudioError> {
        self.in_turn(self.open_api.check_in_history(customer, from, to))
            .await
    }

    async fn holder(&self, credential: &Credential) -> Result<Option<CustomerId>, StudioError> {
        let member = self.in_turn(self.open_api.member_by(credential)).await?;
        Ok(member.map(|member| member.customer))
    }
}

impl StudioApis {
    /// Most customers have no visit pass, and theirs is no refusal: there is nothing to count.
    async fn use_benefit(&self, customer: CustomerId, benefit: &str) -> Result<Told, StudioError> {
        let keys = [benefit.to_owned()];
        let held = self.in_turn(self.open_api.benefits(customer, &keys)).await?;
        if held.get(benefit).copied().unwrap_or_default() {
            self.in_turn(self.open_api.use_benefit(customer, benefit)).await?;
        } else {
            debug!(%customer, benefit, "no benefit to use");
        }
        Ok(Told::Recorded)
    }

    async fn identify(&self, device: &DeviceClient, credential: &Credential) -> Result<Told, StudioError> {
        let identified = self.in_turn(device.identify(credential, DeviceAction::CheckIn));
        Ok(match identified.await? {
            Identification::Allowed => Told::Recorded,
            Identification::Refused { message } => refused(
                &message.unwrap_or_else(|| "the studio refused this person and gave no reason".to_owned()),
            ),
            Identification::Unknown => refused("nobody has this credential any more"),
        })
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

fn refused(message: &str) -> Told {
    Told::Refused {
        message: message.to_owned(),
    }
}
