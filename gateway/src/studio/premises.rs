//! The studio itself: how full it is, when it is open, which devices it has.

use jiff::Timestamp;
use jiff::civil::{Time, Weekday};
use reqwest::Method;
use serde::Deserialize;

use super::{ApiKey, DeviceId, Operation, StudioClient, StudioError, StudioId};

/// How full the studio is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Utilization {
    /// How many customers are checked in. May be more than the capacity.
    pub inside: u32,
    /// How many may be; none where there is no limit.
    pub capacity: Option<u32>,
}

/// The studio that the key belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StudioInformation {
    /// The studio's number.
    pub studio: StudioId,
    /// Its name.
    pub name: Option<String>,
    /// Whether the member's app shows access codes, if the studio says so.
    pub access_codes: Option<bool>,
    /// When members may come, in the studio's local time.
    pub opening_hours: Vec<OpeningHours>,
    /// When it is closed all the same.
    pub closings: Vec<Closing>,
}

/// The same hours on one or more days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpeningHours {
    /// The first day.
    pub first: Weekday,
    /// The last day, which may lie before the first in the week: Saturday to Tuesday.
    pub last: Weekday,
    /// When the studio opens.
    pub opens: Time,
    /// When it closes.
    pub closes: Time,
}

/// A time in which the studio is closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closing {
    /// Its beginning.
    pub from: Timestamp,
    /// Its end.
    pub to: Timestamp,
    /// Why.
    pub reason: Option<String>,
}

/// A device that the studio has created for an integration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// The studio's number of it.
    pub id: Option<DeviceId>,
    /// Its name.
    pub name: Option<String>,
    /// Whether it has been activated.
    pub active: bool,
    /// What it is.
    pub model: Option<DeviceModel>,
}

/// What a device is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeviceModel {
    /// A reader at an entrance: the model that a gateway uses.
    CardReader,
    /// A vending machine.
    Vending,
    /// A device that sells time.
    Time,
    /// A model that this program does not know.
    Other,
}

impl StudioClient {
    /// How full the studio is (`getUtilization`).
    ///
    /// # Errors
    /// When the studio could not be asked or gave no usable answer.
    pub async fn utilization(&self) -> Result<Utilization, StudioError> {
        let path = ["v1", "studios", "utilization"];
        let answer: WireUtilization = self
            .call(Operation::Utilization, Method::GET, &path)
            .answer()
            .await?;
        let whole = |count: i64| u32::try_from(count.max(0)).unwrap_or(u32::MAX);
        Ok(Utilization {
            inside: whole(answer.count),
            capacity: answer.capacity.map(whole),
        })
    }

    /// Which studio the key belongs to and when it is open (`getStudioInformation`). Hours that make no sense are
    /// left out.
    ///
    /// # Errors
    /// When the studio could not be asked or gave no usable answer.
    pub async fn studio_information(&self) -> Result<StudioInformation, StudioError> {
        let path = ["v1", "studios", "information"];
        let answer: WireStudio = self
            .call(Operation::StudioInformation, Method::GET, &path)
            .answer()
            .await?;
        let hours = answer.opening_hours.iter().flatten();
        Ok(StudioInformation {
            studio: answer.studio_id,
            name: answer.name,
            access_codes: answer.access_code_configuration.and_then(|codes| codes.enabled),
            opening_hours: hours.filter_map(WireHours::read).collect(),
            closings: answer
                .closing_hours
                .into_iter()
                .flatten()
                .filter_map(WireClosing::read)
                .collect(),
        })
    }

    /// The devices that the studio has created (`getDevices`).
    ///
    /// # Errors
    /// When the studio could not be asked or gave no usable answer.
    pub async fn devices(&self) -> Result<Vec<Device>, StudioError> {
        let devices: Vec<WireDevice> = self
            .call(Operation::Devices, Method::GET, &["v1", "devices"])
            .answer()
            .await?;
        Ok(devices.into_iter().map(Device::from).collect())
    }

    /// Activates a device (`activateDevice`) and answers its token for the device API. The studio says it this
    /// once; keep it. None when the answer holds no token.
    ///
    /// # Errors
    /// [`StudioError::Refused`] when there is no such device.
    pub async fn activate_device(&self, device: DeviceId) -> Result<Option<ApiKey>, StudioError> {
        let path = ["v1", "devices", &device.to_string(), "activate"];
        let answer: WireActivation = self
            .call(Operation::ActivateDevice, Method::PUT, &path)
            .answer()
            .await?;
        let source = format!("the activation of device {device}");
        Ok(answer.access_token.map(|token| ApiKey::new(token, source)))
    }
}

#[derive(Deserialize)]
struct WireDevice {
    id: Option<DeviceId>,
    name: Option<String>,
    active: bool,
    model: Option<String>,
}

impl From<WireDevice> for Device {
    fn from(device: WireDevice) -> Self {
        let model = device.model.map(|model| match model.as_str() {
            "GENERIC_CARD_READER" => DeviceModel::CardReader,
            "GENERIC_VENDING_READER" => DeviceModel::Vending,
            "GENERIC_TIME_READER" => DeviceModel::Time,
            _ => DeviceModel::Other,
        });
        Self {
            id: device.id,
            name: device.name,
            active: device.active,
            model,
        }
    }
}

#[derive(Deserialize)]
struct WireUtilization {
    count: i64,
    capacity: Option<i64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireStudio {
    studio_id: StudioId,
    name: Option<String>,
    access_code_configuration: Option<WireAccessCodes>,
    opening_hours: Option<Vec<WireHours>>,
    closing_hours: Option<Vec<WireClosing>>,
}

#[derive(Deserialize)]
struct WireAccessCodes {
    enabled: Option<bool>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireHours {
    day_of_week_from: Option<String>,
    day_of_week_to: Option<String>,
    time_from: Option<WireTime>,
    time_to: Option<WireTime>,
}

#[derive(Deserialize)]
struct WireTime {
    hour: Option<i64>,
    minute: Option<i64>,
    second: Option<i64>,
}

impl WireHours {
    fn read(&self) -> Option<OpeningHours> {
        Some(OpeningHours {
            first: weekday(self.day_of_week_from.as_deref()?)?,
            last: weekday(self.day_of_week_to.as_deref()?)?,
            opens: self.time_from.as_ref()?.read()?,
            closes: self.time_to.as_ref()?.read()?,
        })
    }
}

impl WireTime {
    fn read(&self) -> Option<Time> {
        let part = |part: Option<i64>| i8::try_from(part.unwrap_or(0)).ok();
        Time::new(part(self.hour)?, part(self.minute)?, part(self.second)?, 0).ok()
    }
}

fn weekday(name: &str) -> Option<Weekday> {
    Some(match name {
        "MONDAY" => Weekday::Monday,
        "TUESDAY" => Weekday::Tuesday,
        "WEDNESDAY" => Weekday::Wednesday,
        "THURSDAY" => Weekday::Thursday,
        "FRIDAY" => Weekday::Friday,
        "SATURDAY" => Weekday::Saturday,
        "SUNDAY" => Weekday::Sunday,
        _ => return None,
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireClosing {
    date_time_from: Option<Timestamp>,
    date_time_to: Option<Timestamp>,
    reason: Option<String>,
}

impl WireClosing {
    fn read(self) -> Option<Closing> {
        Some(Closing {
            from: self.date_time_from?,
            to: self.date_time_to?,
            reason: self.reason,
        })
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireActivation {
    access_token: Option<String>,
}
