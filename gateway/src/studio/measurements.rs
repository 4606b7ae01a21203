//! Body measurements and weighings, for scales and body analysers beside the lane.

use jiff::civil::Date;
use reqwest::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::customers::holder_query;
use super::{Operation, Personal, StudioClient, StudioError};
use crate::domain::{Credential, CustomerId};

/// What a body analyser needs to know of a person.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Measurement {
    /// The studio's number of the customer.
    #[serde(rename = "id", deserialize_with = "customer_id")]
    pub customer: CustomerId,
    /// First name.
    pub first_name: Option<Personal<String>>,
    /// Surname.
    pub last_name: Option<Personal<String>>,
    /// Age in years.
    pub age: Option<Personal<i32>>,
    /// Birthday.
    pub date_of_birth: Option<Personal<Date>>,
    /// `MALE`, `FEMALE` or `UNISEX`.
    pub gender: Option<Personal<String>>,
    /// Height, in the unit that the studio keeps it in; the vendor does not name it.
    pub height: Option<Personal<f64>>,
}

fn customer_id<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<CustomerId, D::Error> {
    i64::deserialize(deserializer).map(CustomerId)
}

/// The result of a weighing. Only the raw result is required.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Weighing {
    /// What the scale or analyser said, in its own form.
    pub raw_results: String,
    /// Weight in kg.
    pub weight: Option<f64>,
    /// Height in cm.
    pub height: Option<f64>,
    /// Basal metabolic rate.
    pub basal_metabolic_rate: Option<f64>,
    /// Body fat in kg.
    pub body_fat_mass: Option<f64>,
    /// Body mass index in kg/m².
    pub body_mass_index: Option<f64>,
    /// Mass without fat in kg.
    pub fat_free_mass: Option<f64>,
    /// Body fat in percent.
    pub percent_body_fat: Option<f64>,
    /// Skeletal muscles in percent.
    pub percent_skeletal_muscle_mass: Option<f64>,
    /// Skeletal muscles in kg.
    pub skeletal_muscle_mass: Option<f64>,
    /// Water in litres.
    pub total_body_water: Option<f64>,
    /// Level of visceral fat, 1 to 9.
    pub visceral_fat_level: Option<i32>,
    /// Body fat of each limb in kg.
    #[serde(skip)]
    pub fat: Limbs,
    /// Body fat of each limb in percent.
    #[serde(skip)]
    pub fat_percent: Limbs,
    /// Fat-free mass of each limb in kg.
    #[serde(skip)]
    pub lean: Limbs,
    /// Fat-free mass of each limb in percent.
    #[serde(skip)]
    pub lean_percent: Limbs,
}

impl std::fmt::Debug for Weighing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Weighing").finish_non_exhaustive()
    }
}

/// One figure for each part of the body.
#[derive(Clone, Copy, Default, PartialEq)]
pub struct Limbs {
    /// Left arm.
    pub left_arm: Option<f64>,
    /// Right arm.
    pub right_arm: Option<f64>,
    /// Left leg.
    pub left_leg: Option<f64>,
    /// Right leg.
    pub right_leg: Option<f64>,
    /// Trunk.
    pub trunk: Option<f64>,
}

impl Limbs {
    fn parts(&mut self) -> [(&'static str, &mut Option<f64>); 5] {
        [
            ("LeftArm", &mut self.left_arm),
            ("RightArm", &mut self.right_arm),
            ("LeftLeg", &mut self.left_leg),
            ("RightLeg", &mut self.right_leg),
            ("Trunk", &mut self.trunk),
        ]
    }
}

impl Weighing {
    /// The figures of the limbs with the prefix of their fields on the wire.
    fn limbs(&mut self) -> [(&'static str, &mut Limbs); 4] {
        [
            ("bfm", &mut self.fat),
            ("bfmPercent", &mut self.fat_percent),
            ("ffm", &mut self.lean),
            ("ffmPercent", &mut self.lean_percent),
        ]
    }
}

impl Weighing {
    /// On the wire: the named fields, and twenty more whose names follow a rule.
    fn write(mut self) -> Map<String, Value> {
        let mut wire = match serde_json::to_value(&self) {
            Ok(Value::Object(wire)) => wire,
            _ => Map::new(),
        };
        for (prefix, limbs) in self.limbs() {
            for (part, figure) in limbs.parts() {
                wire.insert(format!("{prefix}{part}"), Value::from(*figure));
            }
        }
        wire.retain(|_, value| !value.is_null());
        wire
    }
}

#[derive(Deserialize)]
struct WireWeighing {
    #[serde(flatten)]
    weighing: Weighing,
    #[serde(flatten)]
    limbs: Map<String, Value>,
}

impl WireWeighing {
    fn read(self) -> Weighing {
        let mut weighing = self.weighing;
        for (prefix, limbs) in weighing.limbs() {
            for (part, figure) in limbs.parts() {
                let name = format!("{prefix}{part}");
                *figure = self.limbs.get(&name).and_then(Value::as_f64);
            }
        }
        weighing
    }
}

impl StudioClient {
    /// The latest measurement of a credential's holder (`getCustomerMeasurement`); none when there is no such
    /// person.
    ///
    /// # Errors
    /// [`StudioError::KindNotTaken`] for a PIN or wallet pass.
    pub async fn measurement(&self, credential: &Credential) -> Result<Option<Measurement>, StudioError> {
        let operation = Operation::Measurement;
        let path = ["v1", "customers", "measurement", "latest"];
        self.call(operation, Method::GET, &path)
            .query(&holder_query(operation, credential, self.card_number_format())?)
            .find()
            .await
    }

    /// Stores a weighing (`createCustomerWeighing`) and answers it as stored; uses up `benefit` if one is named.
    ///
    /// # Errors
    /// [`StudioError::Refused`] when the benefit is used up.
    pub async fn store_weighing(
        &self,
        customer: CustomerId,
        weighing: Weighing,
        benefit: Option<&str>,
    ) -> Result<Weighing, StudioError> {
        let stored: WireWeighing = self
            .customer_call(Operation::Weighing, Method::POST, customer, &["weighing"])
            .query_if("benefitKey", benefit)
            .json(&weighing.write())
            .answer()
            .await?;
        Ok(stored.read())
    }
}
