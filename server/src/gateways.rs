//! How this installation speaks with those who take money.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use boot::clock::SystemClock;
use boot::config::Config;
use domain::time::Timestamp;
use payments::mpesa::{
    AppId, BaseAddress, Certificate, Confirmations, Kept, Mpesa, MpesaSettings, Place, ShelfFault, Shelved, TokenShelf,
};
use ports::gateway::Gateways;
use store::money::gateway_tokens::{self, Token};
use store::{Store, StoreError, SystemTx};
use tracing::{info, warn};

/// Whoever speaks to gateways as the configuration says; `None` where their callbacks could not reach us.
pub fn gateways(config: &Config, store: &Store) -> anyhow::Result<Option<Gateways>> {
    let mpesa = &config.mpesa;
    let Some(callback_base) = mpesa.callbacks.clone() else {
        info!("nobody can pay by M-Pesa: set where it reaches the portal (mpesa.callbacks, or portal.domain)");
        return Ok(None);
    };
    let simulator = mpesa.simulator.as_deref().map(str::parse::<BaseAddress>).transpose().context("mpesa.simulator")?;
    if let Some(simulator) = &simulator {
        warn!("M-Pesa is simulated by {simulator} (mpesa.simulator): no money moves");
    }
    let certificate = |file: Option<&Path>, key| file.map(|file| read(file, key)).transpose();
    let settings = MpesaSettings {
        sandbox: Place {
            base: simulator.clone(),
            certificate: certificate(mpesa.sandbox_certificate.as_deref(), "mpesa.sandbox_certificate")?,
        },
        production: Place {
            base: simulator,
            certificate: certificate(mpesa.certificate.as_deref(), "mpesa.certificate")?,
        },
        confirmations: if mpesa.hashed_payers { Confirmations::Hashed } else { Confirmations::Masked },
        ..MpesaSettings::default()
    };
    let gateway = Mpesa::new(settings, Arc::new(Shelf { store: store.clone() }), Arc::new(SystemClock))?;
    Ok(Some(Gateways { gateway: Arc::new(gateway), callback_base }))
}

fn read(file: &Path, key: &str) -> anyhow::Result<Certificate> {
    let text = std::fs::read_to_string(file).with_context(|| format!("could not read `{}` ({key})", file.display()))?;
    text.parse().with_context(|| format!("`{}` ({key})", file.display()))
}

/// Tokens in the database, for all nodes.
struct Shelf {
    store: Store,
}

impl Shelf {
    async fn begin(&self) -> Result<SystemTx, ShelfFault> {
        self.store.system().await.map_err(fault)
    }
}

fn fault(why: StoreError) -> ShelfFault {
    ShelfFault(why.to_string())
}

impl TokenShelf for Shelf {
    fn look<'a>(&'a self, app: &'a AppId) -> Shelved<'a, Option<Kept>> {
        Box::pin(async move {
            let mut tx = self.begin().await?;
            let token = gateway_tokens::look(&mut tx, app.as_bytes()).await.map_err(fault)?;
            Ok(token.map(|Token { token, until }| Kept { token, until }))
        })
    }

    fn claim<'a>(&'a self, app: &'a AppId, now: Timestamp, until: Timestamp) -> Shelved<'a, bool> {
        Box::pin(async move {
            let mut tx = self.begin().await?;
            let claimed = gateway_tokens::claim(&mut tx, app.as_bytes(), now, until).await.map_err(fault)?;
            tx.commit().await.map_err(fault)?;
            Ok(claimed)
        })
    }

    fn put<'a>(&'a self, app: &'a AppId, Kept { token, until }: Kept) -> Shelved<'a, ()> {
        Box::pin(async move {
            let mut tx = self.begin().await?;
            gateway_tokens::put(&mut tx, app.as_bytes(), &Token { token, until }).await.map_err(fault)?;
            tx.commit().await.map_err(fault)
        })
    }

    fn let_go<'a>(&'a self, app: &'a AppId) -> Shelved<'a, ()> {
        Box::pin(async move {
            let mut tx = self.begin().await?;
            gateway_tokens::let_go(&mut tx, app.as_bytes()).await.map_err(fault)?;
            tx.commit().await.map_err(fault)
        })
    }
}
