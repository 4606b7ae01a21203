//! `devices`: which devices the studio has created, and activating one. The token that an activation answers goes to
//! a credential file and is never printed.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use comfy_table::{Table, presets};
use config::Settings;
use serde_json::{Value, json};

use super::check_config::colour;
use super::{DevicesArguments, FAILED, INVALID_CONFIG};
use crate::studio::{Device, DeviceId, DeviceModel, StudioClient};
use crate::wiring;

/// Lists the devices, or activates the one that is asked for.
pub(super) fn run(arguments: &DevicesArguments) -> ExitCode {
    let settings = match config::load(&arguments.config) {
        Ok(settings) => settings,
        Err(problems) => {
            eprintln!("{}", problems.render(colour()));
            return ExitCode::from(INVALID_CONFIG);
        }
    };
    match answer(arguments, &settings) {
        Ok(text) => {
            println!("{text}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::from(FAILED)
        }
    }
}

fn answer(arguments: &DevicesArguments, settings: &Settings) -> anyhow::Result<String> {
    let studio = StudioClient::new(wiring::studio_settings(settings)?)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let Some(id) = arguments.activate.map(DeviceId) else {
        let devices = runtime.block_on(studio.devices())?;
        return Ok(if arguments.json {
            Value::from_iter(devices.iter().map(as_json)).to_string()
        } else {
            as_table(&devices)
        });
    };
    let default = || settings.gateway.data_dir.join(format!("device-{id}.token"));
    let path = arguments.token_file.clone().unwrap_or_else(default);
    runtime.block_on(activate(&studio, id, &path))?;
    Ok(if arguments.json {
        json!({ "id": id, "token_file": path }).to_string()
    } else {
        format!("device {id} is active; its token is in {}", path.display())
    })
}

/// The file is made first: a token that cannot be kept is lost, and the device with it.
async fn activate(studio: &StudioClient, id: DeviceId, path: &Path) -> anyhow::Result<()> {
    let file = NewFile::create(path)?;
    match studio.activate_device(id).await? {
        Some(token) => file.keep(token.reveal()),
        None => bail!("the studio has activated device {id} but said no token: create another device"),
    }
}

/// A new file for a secret, readable by its owner only. It goes again unless it is kept.
struct NewFile {
    file: File,
    path: PathBuf,
    kept: bool,
}

impl NewFile {
    fn create(path: &Path) -> anyhow::Result<Self> {
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path)
            .with_context(|| {
                let path = path.display();
                format!(
                    "cannot make {path} for the token; nothing was activated. Choose another --token-file"
                )
            })?;
        Ok(Self {
            file,
            path: path.to_owned(),
            kept: false,
        })
    }

    fn keep(mut self, secret: &str) -> anyhow::Result<()> {
        self.kept = true;
        self.file
            .write_all(secret.as_bytes())
            .and_then(|()| self.file.sync_all())
            .with_context(|| {
                let path = self.path.display();
                format!("cannot write the token to {path}: it is lost, create another device in the studio")
            })
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        if !self.kept {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

fn model(device: &Device) -> &'static str {
    match device.model {
        Some(DeviceModel::CardReader) => "card reader",
        Some(DeviceModel::Vending) => "vending machine",
        Some(DeviceModel::Time) => "time device",
        Some(DeviceModel::Other) | None => "other",
    }
}

fn as_json(device: &Device) -> Value {
    json!({ "id": device.id, "name": device.name, "model": model(device), "active": device.active })
}

fn as_table(devices: &[Device]) -> String {
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_header(["ID", "NAME", "MODEL", "ACTIVE"]);
    for device in devices {
        table.add_row([
            device.id.map(|id| id.to_string()).unwrap_or_default(),
            device.name.clone().unwrap_or_default(),
            model(device).to_owned(),
            if device.active { "yes" } else { "no" }.to_owned(),
        ]);
    }
    table.to_string()
}
