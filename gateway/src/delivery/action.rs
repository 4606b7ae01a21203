//! What follows from the studio's answer to a check-in: one pure table, complete by construction.

use std::time::Duration;

use super::studio::Told;
use crate::studio::StudioError;

/// What to do with a visit after it was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// The studio has it.
    Deliver,
    /// The studio will never take it as it is; a person decides.
    Park {
        /// The studio's words.
        message: String,
        /// What to quote to the vendor's support.
        trace_id: Option<String>,
    },
    /// The studio may have it: look into the customer's history before anything else.
    Ask,
    /// The studio does not have it, and would not take any other one now.
    Hold(Pause),
}

/// How long nothing of this kind is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pause {
    /// Longer each time in a row.
    BackOff,
    /// As long as the studio asks.
    For(Duration),
    /// Until the minute is over.
    NextMinute,
    /// Until somebody has mended the key, its scopes or the address; tried again once in a while.
    Mending,
}

/// The action for each answer.
#[must_use]
pub fn action(answer: &Result<Told, StudioError>) -> Action {
    let error = match answer {
        Ok(Told::Recorded) => return Action::Deliver,
        Ok(Told::Refused { message }) => {
            return Action::Park {
                message: message.clone(),
                trace_id: None,
            };
        }
        Err(error) => error,
    };
    let pause = |retry_after: &Option<Duration>, otherwise| retry_after.map_or(otherwise, Pause::For);
    match error {
        // A 2xx with an odd body was carried out all the same.
        StudioError::Unreadable { .. } => Action::Deliver,
        StudioError::Refused { status, detail, .. } => Action::Park {
            message: detail
                .message
                .clone()
                .unwrap_or_else(|| format!("the studio refused it with status {status} and gave no reason")),
            trace_id: detail.trace_id.clone(),
        },
        StudioError::KindNotTaken { .. } => Action::Park {
            message: error.to_string(),
            trace_id: None,
        },
        StudioError::Unanswered { .. } | StudioError::ServerError { .. } => Action::Ask,
        StudioError::NotSent { .. } => Action::Hold(Pause::BackOff),
        StudioError::Overloaded { retry_after, .. } => Action::Hold(pause(retry_after, Pause::BackOff)),
        StudioError::RateLimited { retry_after, .. } => Action::Hold(pause(retry_after, Pause::NextMinute)),
        StudioError::Unauthorised { .. }
        | StudioError::Forbidden { .. }
        | StudioError::Redirected { .. }
        | StudioError::Setup { .. } => Action::Hold(Pause::Mending),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::studio::{Detail, Operation};

    const OPERATION: Operation = Operation::CheckIn;

    fn detail() -> Detail {
        Detail {
            message: Some("no contract".into()),
            code: None,
            trace_id: Some("t-1".into()),
        }
    }

    #[test]
    fn every_answer_has_the_action_that_neither_loses_nor_doubles_a_visit() {
        let host = || "studio:443".to_owned();
        let reason = || "reason".to_owned();
        let second = Duration::from_secs(1);
        let parked = Action::Park {
            message: "no contract".into(),
            trace_id: Some("t-1".into()),
        };
        let refused = |status| StudioError::Refused {
            operation: OPERATION,
            status,
            detail: detail(),
        };
        let broken = |status| StudioError::ServerError {
            operation: OPERATION,
            status,
            detail: detail(),
        };
        let overloaded = |retry_after| StudioError::Overloaded {
            operation: OPERATION,
            retry_after,
            detail: detail(),
        };
        let limited = |retry_after| StudioError::RateLimited {
            operation: OPERATION,
            retry_after,
            detail: detail(),
        };
        let table = [
            (refused(400), parked.clone()),
            (refused(404), parked.clone()),
            (refused(409), parked),
            (broken(500), Action::Ask),
            (broken(502), Action::Ask),
            (broken(504), Action::Ask),
            (
                StudioError::Unanswered {
                    operation: OPERATION,
                    host: host(),
                    reason: reason(),
                },
                Action::Ask,
            ),
            (
                StudioError::NotSent {
                    operation: OPERATION,
                    host: host(),
                    reason: reason(),
                },
                Action::Hold(Pause::BackOff),
            ),
            (overloaded(None), Action::Hold(Pause::BackOff)),
            (overloaded(Some(second)), Action::Hold(Pause::For(second))),
            (limited(None), Action::Hold(Pause::NextMinute)),
            (limited(Some(second)), Action::Hold(Pause::For(second))),
            (
                StudioError::Unauthorised {
                    operation: OPERATION,
                    key: "key".into(),
                    detail: detail(),
                },
                Action::Hold(Pause::Mending),
            ),
            (
                StudioError::Forbidden {
                    operation: OPERATION,
                    key: "key".into(),
                    detail: detail(),
                },
                Action::Hold(Pause::Mending),
            ),
            (
                StudioError::Redirected {
                    operation: OPERATION,
                    host: host(),
                    target: None,
                },
                Action::Hold(Pause::Mending),
            ),
            (
                StudioError::Setup {
                    setting: "url",
                    problem: "p".into(),
                },
                Action::Hold(Pause::Mending),
            ),
            (
                StudioError::Unreadable {
                    operation: OPERATION,
                    host: host(),
                    problem: "p".into(),
                },
                Action::Deliver,
            ),
        ];
        assert_eq!(action(&Ok(Told::Recorded)), Action::Deliver);
        let refused = Told::Refused {
            message: "no contract".into(),
        };
        let message = "no contract".into();
        assert_eq!(
            action(&Ok(refused)),
            Action::Park {
                message,
                trace_id: None
            }
        );
        for (error, expected) in table {
            assert_eq!(action(&Err(error.clone())), expected, "{error}");
        }
    }

    #[test]
    fn a_refusal_without_words_is_parked_with_its_status() {
        let refused = StudioError::Refused {
            operation: OPERATION,
            status: 400,
            detail: Detail::default(),
        };
        assert!(matches!(action(&Err(refused)), Action::Park { message, .. } if message.contains("400")));
    }
}
