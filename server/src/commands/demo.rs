//! `mnetifi demo`: a tenant with something to try, and a server for it in the foreground.

mod owner;
mod play;
mod seed;

use std::time::Duration;

use boot::config::Config;
use boot::health::Health;
use boot::shutdown::Shutdown;
use tokio_util::sync::CancellationToken;

use crate::cli::{Demo, Global, Role};
use crate::commands::demo::play::Play;
use crate::open::Opened;
use crate::print;
use crate::progress::Progress;
use crate::roles::{Server, Without};
use crate::settings;

/// How long to wait for the role to know its routers.
const READY_WITHIN: Duration = Duration::from_secs(15);

/// Seeds and serves, or, with `--subscribers`, only adds subscribers beside a running demo or before one.
pub async fn run(global: &Global, demo: &Demo) -> anyhow::Result<()> {
    let mut config = settings::load_for_demo(global)?;
    let shutdown = Shutdown::on_signals()?;
    if let Some(count) = demo.subscribers {
        return add_crowd(&config, global, count, &shutdown.token()).await;
    }
    boot::telemetry::begin(&config.log)?;
    let play = Play::begin(&mut config, demo.phone).await?;
    serve(&config, global, &play, &shutdown).await
}

async fn add_crowd(config: &Config, global: &Global, count: u32, shutdown: &CancellationToken) -> anyhow::Result<()> {
    let opened = Opened::open(config, global, shutdown).await?;
    let added = seed_crowd(&opened, count).await;
    let closed = opened.close().await;
    let (added, existing) = added?;
    closed?;
    let last = count - 1;
    Ok(print::line(&format!(
        "{added} subscribers added on plan `{}`, {existing} were there already: user000000 … user{last:06}, \
         passwords pass000000 … pass{last:06}",
        seed::HOME_PLAN
    ))?)
}

async fn seed_crowd(opened: &Opened, count: u32) -> anyhow::Result<(usize, usize)> {
    let (tenant, scope) = seed::seed(opened).await?;
    let progress = Progress::over(u64::from(count), "subscribers added");
    let added = seed::add_crowd(opened, &tenant, &scope, count, &mut |done| progress.at(done as u64)).await?;
    progress.done();
    opened.rows_were_added(added.added).await?;
    Ok((added.added, added.existing.len()))
}

async fn serve(config: &Config, global: &Global, play: &Play, shutdown: &Shutdown) -> anyhow::Result<()> {
    let server = Server::start(config, &Role::ALL, Without::Refused, &shutdown.token()).await?;
    let seeded = seed_with_owner(&Opened::beside(global, server.store()), config).await;
    let password = match seeded {
        Ok(password) => password,
        Err(error) => {
            shutdown.begin();
            server.serve(shutdown).await?;
            return Err(error);
        }
    };
    let health = server.health().clone();
    let api = server.api_url().unwrap_or_default();
    let (auth, acct) = (first(&config.radius.auth), first(&config.radius.acct));
    let say_when_ready = async {
        let ready = tokio::time::timeout(READY_WITHIN, until_ready(&health)).await.is_ok();
        if ready {
            let api = how_to_sign_in(&api, password.as_deref(), config);
            print::line(&what_to_try(&auth, &acct, &api, &play.url(), config))
        } else {
            print::aside("mnetifi: the demo is not ready after 15 s; the log above says why, and it keeps trying");
            Ok(())
        }
    };
    let (served, said) = tokio::join!(server.serve(shutdown), async {
        tokio::select! {
            said = say_when_ready => said,
            () = shutdown.token().cancelled_owned() => Ok(()),
        }
    });
    said?;
    served
}

/// Seeds the demo. Gives its owner's password, where that is known.
async fn seed_with_owner(opened: &Opened, config: &Config) -> anyhow::Result<Option<String>> {
    let (_, scope) = seed::seed(opened).await?;
    play::take_money(opened, &scope).await?;
    play::send_messages(opened, &scope).await?;
    owner::owner(opened, &scope, &config.data).await
}

async fn until_ready(health: &Health) {
    while !health.is_ready() {
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
}

fn first(addresses: &[std::net::SocketAddr]) -> String {
    addresses.first().map(ToString::to_string).unwrap_or_default()
}

/// How the demo's owner signs in, and asks something.
fn how_to_sign_in(api: &str, password: Option<&str>, config: &Config) -> String {
    let (email, file) = (owner::EMAIL, owner::password_file(&config.data));
    let Some(password) = password else {
        return format!(
            "{api}/v1/docs shows what it can do. {email} owns the demo; the password was in {}, which is gone: make \
             another with\n    target/release/mnetifi staff reset-password {email}",
            file.display()
        );
    };
    let cookie = config.data.join("demo.cookie");
    let cookie = cookie.display();
    format!(
        "{api}/v1/docs shows what it can do.
Its owner is {email} with the password {password}, which is kept in {}.
    curl -c {cookie} -H 'content-type: application/json' -d '{{\"login\":\"{email}\",\"password\":\"{password}\"}}' {api}/v1/sign-in
    curl -b {cookie} '{api}/v1/vouchers?limit=2'",
        file.display()
    )
}

fn what_to_try(auth: &str, acct: &str, api: &str, phone: &str, config: &Config) -> String {
    let secret = seed::SECRET;
    let metrics = config.metrics.listen;
    let data = config.data.display();
    format!(
        "
mnetifi demo is ready: RADIUS on {auth} and {acct}, metrics and health on http://{metrics}
Every router in 127.0.0.0/8 may ask with the secret {secret}. Stop it with Ctrl-C; remove {data} to begin anew.

A phone joins the Wi-Fi, buys an hour by M-Pesa and is online, in your browser: {phone}
(Router, phone and M-Pesa are simulated, and no money moves.) The same by one command, each step with its time:
    target/release/mnetifi simulate phone --buys hour --at {phone}

The API for staff and programs: {api}

In another terminal (radclient comes with Debian's package freeradius-utils):

  a phone logs in with a voucher:
    echo 'User-Name = DemoHour1, User-Password = \"\", Calling-Station-Id = 02:00:00:00:00:01' | radclient -x {auth} auth {secret}
  a second phone wants the same voucher:
    echo 'User-Name = DemoHour1, User-Password = \"\", Calling-Station-Id = 02:00:00:00:00:02' | radclient -x {auth} auth {secret}
  a house dials in over PPPoE:
    echo 'User-Name = house-12, MS-CHAP-Password = karibu-nyumbani' | radclient -x {auth} auth {secret}
  its router reports the session:
    echo 'Acct-Status-Type = Start, Acct-Session-Id = 81000001, User-Name = house-12' | radclient -x {acct} acct {secret}
  nine phones behind a simulated router stay for a minute:
    target/release/mnetifi simulate nas --server {auth} --acct {acct}
  meanwhile they get another speed, and one is taken offline:
    target/release/mnetifi plan change hour --rate 3M/8M
    target/release/mnetifi voucher revoke DemoHour3
  who is online, and why was somebody refused?
    target/release/mnetifi session list
    target/release/mnetifi explain DemoHour1

Vouchers: DemoHour1 … DemoHour9 (1 h, 1 device), DemoFam1 (24 h, 3 devices), DemoNight1 (8 h, unlimited), DemoOld1 (expired).
Subscribers: house-12 (password karibu-nyumbani), house-13 (suspended)."
    )
}
