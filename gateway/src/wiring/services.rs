//! Studio, member records, journal and delivery by the settings.

use config::Settings;
use rand::SeedableRng;
use rand::rngs::StdRng;

use super::{StartError, rules};
use crate::budget::Budget;
use crate::clock;
use crate::delivery::{Delivery, DeliverySettings, WithinBudget};
use crate::directory::DirectorySettings;
use crate::journal::{JournalHandle, JournalSettings};
use crate::studio::{ApiKey, StudioClient, StudioSettings};

pub(super) fn studio_settings(settings: &Settings) -> Result<StudioSettings, StartError> {
    let studio = &settings.studio;
    let secret = studio.api_key.read()?;
    let key = ApiKey::new(secret.expose(), studio.api_key.to_string());
    let extra_roots = studio.extra_roots.as_ref().map(|path| {
        std::fs::read_to_string(path).map_err(|source| StartError::ExtraRoots {
            path: path.clone(),
            source,
        })
    });
    Ok(StudioSettings {
        card_number_format: rules::card_number_format(studio.card_number_format),
        check_in_path: studio.check_in_path.clone(),
        timeout: studio.timeout,
        language: studio.language.clone(),
        extra_roots: extra_roots.transpose()?,
        ..StudioSettings::new(studio.base_url.clone(), key)
    })
}

pub(super) fn directory_settings(settings: &Settings) -> DirectorySettings {
    DirectorySettings {
        roster: settings.roster.enabled,
        roster_interval: settings.roster.interval,
        access_codes: settings.roster.access_codes && rules::reads_codes(settings),
        benefits: rules::required_benefits(settings),
        usable: settings.decisions.usable,
        ..DirectorySettings::default()
    }
}

pub(super) fn delivery(
    settings: &Settings,
    journal: JournalHandle,
    studio: StudioClient,
    budget: Budget,
) -> Delivery<WithinBudget> {
    Delivery::new(
        journal,
        WithinBudget::new(studio, budget),
        DeliverySettings {
            per_minute: settings.studio.requests_per_minute,
            time_zone: settings.studio.time_zone.clone(),
        },
        StdRng::from_rng(&mut rand::rng()),
        clock::now().monotonic,
    )
}

/// How the journal of these settings is kept.
pub(crate) fn journal_settings(settings: &Settings) -> JournalSettings {
    // Linux names every run of the machine; without that name a restart of the machine is taken for granted.
    let machine_boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    JournalSettings {
        path: settings.gateway.data_dir.join("journal.db"),
        device: settings.gateway.device.clone(),
        machine_boot: machine_boot.trim().to_owned(),
        most_visits: usize::try_from(settings.delivery.most_visits).unwrap_or(usize::MAX),
        keep_delivered: settings.delivery.keep_delivered,
    }
}
