//! Studio, member records, journal, delivery and webhooks by the settings.

use config::Settings;
use rand::SeedableRng;
use rand::rngs::StdRng;

use super::{StartError, rules};
use crate::budget::Budget;
use crate::clock;
use crate::delivery::{Delivery, DeliverySettings, StudioApis};
use crate::directory::{Directory, DirectorySettings};
use crate::journal::{JournalHandle, JournalSettings, Way};
use crate::studio::{ApiKey, DeviceClient, DeviceSettings, StudioClient, StudioSettings};
use crate::webhooks;

/// How the studio of these settings is asked.
pub(crate) fn studio_settings(settings: &Settings) -> Result<StudioSettings, StartError> {
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

/// The task that takes the studio's webhooks, where there are to be any.
pub(super) fn webhooks(
    settings: &Settings,
    directory: &Directory,
    budget: &Budget,
) -> Result<Option<impl Future<Output = ()> + Send + use<>>, StartError> {
    let Some(webhooks) = &settings.studio.webhooks else {
        return Ok(None);
    };
    let key = webhooks.api_key.read()?;
    let (listen, directory, budget) = (webhooks.listen, directory.clone(), budget.clone());
    Ok(Some(async move {
        webhooks::serve(listen, key.expose(), directory, budget).await;
    }))
}

pub(super) fn delivery(
    settings: &Settings,
    journal: JournalHandle,
    studio: StudioClient,
    budget: Budget,
) -> Result<Delivery<StudioApis>, StartError> {
    let benefit = settings.delivery.ways.iter().find_map(|way| match way {
        config::Way::BenefitUse { benefit } => Some(benefit.clone()),
        config::Way::OpenApi | config::Way::DeviceApi => None,
    });
    let apis = StudioApis {
        open_api: studio,
        device_api: device_client(settings)?,
        benefit,
        budget,
    };
    let delivery = DeliverySettings {
        per_minute: settings.studio.requests_per_minute,
        replay_within: settings.delivery.replay_within,
        time_zone: settings.studio.time_zone.clone(),
    };
    let random = StdRng::from_rng(&mut rand::rng());
    Ok(Delivery::new(
        journal,
        apis,
        delivery,
        random,
        clock::now().monotonic,
    ))
}

fn device_client(settings: &Settings) -> Result<Option<DeviceClient>, StartError> {
    let Some(device) = &settings.studio.device_api else {
        return Ok(None);
    };
    let token = device.token.read()?;
    let token = ApiKey::new(token.expose(), device.token.to_string());
    let described = DeviceSettings {
        card_number_format: rules::card_number_format(settings.studio.card_number_format),
        timeout: settings.studio.timeout,
        language: settings.studio.language.clone(),
        ..DeviceSettings::new(device.base_url.clone(), token)
    };
    Ok(Some(DeviceClient::new(&described)?))
}

/// How the journal of these settings is kept.
pub(crate) fn journal_settings(settings: &Settings) -> JournalSettings {
    // Linux names every run of the machine; without that name a restart of the machine is taken for granted.
    let machine_boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    JournalSettings {
        path: settings.gateway.data_dir.join("journal.db"),
        device: settings.gateway.device.clone(),
        machine_boot: machine_boot.trim().to_owned(),
        ways: settings.delivery.ways.iter().map(way).collect(),
        most_visits: usize::try_from(settings.delivery.most_visits).unwrap_or(usize::MAX),
        keep_delivered: settings.delivery.keep_delivered,
    }
}

fn way(way: &config::Way) -> Way {
    match way {
        config::Way::OpenApi => Way::OpenApi,
        config::Way::DeviceApi => Way::DeviceApi,
        config::Way::BenefitUse { .. } => Way::BenefitUse,
    }
}
