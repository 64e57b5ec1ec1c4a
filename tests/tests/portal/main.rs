//! The captive portal through real HTTP, always with two ISPs.

mod arriving;
mod buying;
mod checking;
mod hostile;
mod logging_in;
mod shape;

use dictionaries::rfc2866::acct_status_type::START;
use tests::client::Report;
use tests::world::{Isp, World};

/// A World where what RADIUS has granted is in the database when it is answered.
async fn world() -> anyhow::Result<World> {
    World::open_with(|settings| settings.decides_from_memory = false).await
}

/// A phone logs in with a code and its router reports the session.
async fn comes_online(world: &World, isp: &Isp, code: &str, mac: &str) -> anyhow::Result<()> {
    let reply = isp.router.asks_at_hotspot(code, code, mac).await?.expect("an answer");
    assert!(reply.is_accept(), "{}", reply.sentence());
    let class = reply.class();
    let session = format!("81{}", &mac.replace(':', "")[6..]);
    let report = Report {
        status: START,
        session: &session,
        user: code,
        mac,
        class: &class,
        in_octets: 0,
        out_octets: 0,
        seconds: 0,
    };
    isp.router.reports(&report).await?.expect("an answer");
    world.drained().await;
    Ok(())
}
