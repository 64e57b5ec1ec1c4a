//! The world around the demo: a simulated hotspot with a phone in it, a simulated M-Pesa that asks it to pay, and a
//! simulated Africa's Talking that carries text messages to it.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;

use actions::messages::settings::{NewSettings, put_message_settings};
use actions::money::gateways::{NewGateway, add_gateway};
use anyhow::Context as _;
use boot::clock::SystemClock;
use boot::config::Config;
use domain::messages::language::Language;
use domain::messages::provider::{ProviderKeys, Terms, World};
use domain::money::gateway::{Environment, GatewayKeys, GatewayKind, Initiator, PayTo};
use domain::secret::Secret;
use ports::Clock as _;
use simulators::hotspot::{self, Hotspot};
use simulators::mpesa::{self, Business, Driving, Mpesa, Strangers};
use simulators::nas::{Server, Settings, SimulatedRouter};
use simulators::sms::{Account, Sms};
use store::TenantScope;
use store::messages::settings;
use store::money::gateways;
use tracing::warn;

use super::seed;
use crate::open::Opened;

/// The demo's paybill.
const SHORTCODE: &str = "174379";

/// The router with the phone in it.
const ADDRESS: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);

/// Where routers take CoA.
const COA_PORT: u16 = 3_799;

/// How often a minute the simulated M-Pesa may be asked.
const LOOKS_PER_MINUTE: u32 = 6_000;

/// What runs around the demo. It is gone when it is dropped.
#[derive(Debug)]
pub struct Play {
    hotspot: Hotspot,
}

impl Play {
    /// Begins to play, and changes the configuration so that the server asks the simulated M-Pesa.
    pub async fn begin(config: &mut Config, screen: SocketAddr) -> anyhow::Result<Self> {
        let mpesa = mpesa().await?;
        if config.portal.listen.port() == 0 {
            // The simulated world must know where the portal will be.
            config.portal.listen.set_port(free_port(config.portal.listen)?);
        }
        let portal = format!("http://{}", config.portal.listen);
        let sms = Sms::listen().await.context("the simulated text messages")?;
        config.messages.africas_talking = Some(sms.base());
        config.mpesa.simulator = Some(mpesa.base());
        config.mpesa.callbacks = Some(portal.clone());
        config.mpesa.sandbox_certificate = Some(certificate(config, &mpesa)?);
        let (auth, acct) = (config.radius.auth.first(), config.radius.acct.first());
        let (auth, acct) = auth.zip(acct).context("the demo needs RADIUS")?;
        let router = router(Server::new(*auth, *acct, seed::SECRET)).await?;
        let host = "localhost".to_owned();
        let settings =
            hotspot::Settings { listen: screen, host: host.clone(), router: seed::ROUTER.to_owned(), portal };
        let hotspot = Hotspot::listen(settings, router, (mpesa, Arc::new(sms))).await.with_context(|| {
            format!("the phone's screen cannot be at {screen}; does another demo run? Say --phone 127.0.0.1:0")
        })?;
        config.portal.router_names.push(host);
        config.portal.framed_by.push(hotspot.url());
        Ok(Self { hotspot })
    }

    /// Where a browser sees the phone.
    pub fn url(&self) -> String {
        self.hotspot.url()
    }
}

async fn mpesa() -> anyhow::Result<Arc<Mpesa>> {
    let settings =
        mpesa::Settings { strangers: Strangers::Decide, driving: Driving::ByItself, ..mpesa::Settings::default() };
    let mpesa = Mpesa::listen(settings, Arc::new(SystemClock)).await.context("the simulated M-Pesa")?;
    mpesa.opens(business());
    Ok(Arc::new(mpesa))
}

fn business() -> Business {
    Business::paybill("Demo Internet", SHORTCODE)
}

/// Writes down what the simulated M-Pesa's operators' passwords are encrypted for.
fn certificate(config: &Config, mpesa: &Mpesa) -> anyhow::Result<PathBuf> {
    let file = config.data.join("demo-mpesa.pem");
    fs::create_dir_all(&config.data).with_context(|| format!("making `{}`", config.data.display()))?;
    fs::write(&file, mpesa.public_key()).with_context(|| format!("writing `{}`", file.display()))?;
    Ok(file)
}

async fn router(server: Server) -> anyhow::Result<SimulatedRouter> {
    let mut settings = Settings::new("demo-hotspot", ADDRESS, server);
    settings.clock = SystemClock.now();
    settings.mac_login = true;
    settings.control_port = COA_PORT;
    let begun = SimulatedRouter::start(settings.clone()).await;
    match begun {
        Ok(router) => Ok(router),
        Err(why) => {
            warn!("the demo's router takes no CoA: {ADDRESS}:{COA_PORT} is taken ({why})");
            settings.control_port = 0;
            SimulatedRouter::start(settings).await.with_context(|| format!("the demo's router cannot be at {ADDRESS}"))
        }
    }
}

fn free_port(near: SocketAddr) -> anyhow::Result<u16> {
    Ok(TcpListener::bind(near).with_context(|| format!("the portal cannot listen on {near}"))?.local_addr()?.port())
}

/// Makes sure that the demo's tenant sends text messages through the simulated provider.
pub async fn send_messages(opened: &Opened, scope: &TenantScope) -> anyhow::Result<()> {
    let mut tx = opened.store.tenant(scope).await?;
    let there = settings::find(&mut tx).await?.is_some();
    drop(tx);
    if there {
        return Ok(());
    }
    let account = Account::default();
    let sender = account.senders.first().context("a sender")?;
    let new = NewSettings {
        terms: Terms::AfricasTalking { username: account.username.clone(), world: World::Sandbox },
        keys: Some(ProviderKeys { key: Secret::new(account.key.clone()), secret: None }),
        sender: Some(sender.parse()?),
        brand: Some("Demo Internet".to_owned()),
        contact: "0700 000 000".to_owned(),
        language: Language::english(),
        is_active: true,
        sends_vouchers: true,
    };
    put_message_settings(&opened.store, scope, &|_| true, new, opened.context()).await?;
    Ok(())
}

/// Makes sure that the demo's tenant takes money by the simulated M-Pesa.
pub async fn take_money(opened: &Opened, scope: &TenantScope) -> anyhow::Result<()> {
    let mut tx = opened.store.tenant(scope).await?;
    let there = gateways::list(&mut tx).await?.iter().any(|gateway| gateway.shortcode.as_str() == SHORTCODE);
    drop(tx);
    if there {
        return Ok(());
    }
    let business = business();
    let keys = GatewayKeys {
        consumer_key: Secret::new(business.consumer_key),
        consumer_secret: Secret::new(business.consumer_secret),
        passkey: Secret::new(business.passkey),
        initiator: business.initiator.map(|(name, password)| Initiator { name, password: Secret::new(password) }),
    };
    let new = NewGateway {
        kind: GatewayKind::Mpesa,
        environment: Environment::Sandbox,
        shortcode: SHORTCODE.parse()?,
        pay_to: PayTo::Paybill,
        keys,
        trusts_confirmations: false,
        looks_per_minute: LOOKS_PER_MINUTE,
    };
    add_gateway(&opened.store, scope, new, opened.context()).await?;
    Ok(())
}
