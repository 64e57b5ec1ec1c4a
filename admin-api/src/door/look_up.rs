//! From what a request shows to who it is: one statement, which also notes that they were here.

use std::net::IpAddr;

use actions::people::sign_in::IDLE;
use domain::id::TenantId;
use domain::text::Slug;
use policy::people::rights::{self, Standing};
use policy::platform::lifecycle;
use store::SystemTx;
use store::people::{keys, sign_ins};
use store::platform::tenants;

use crate::app::App;
use crate::door::caller::{Acting, Caller, Known, Who};
use crate::door::credential::Credential;
use crate::problem::Problem;

/// What is known of a request beside what it shows.
pub(super) struct Here<'a> {
    /// The provider whose subdomain was asked.
    pub(super) host: Option<&'a Slug>,
    /// From where.
    pub(super) address: IpAddr,
    /// Whether it keeps a session alive.
    pub(super) is_activity: bool,
}

/// Who that is, if it is in force.
pub(super) async fn look_up(app: &App, credential: Credential, here: &Here<'_>) -> Result<Option<Caller>, Problem> {
    let mut tx = app.store().system().await?;
    let known = match credential {
        Credential::Key(hash) => key(&mut tx, app, &hash).await?,
        Credential::Session(hash) => session(&mut tx, app, &hash).await?,
    };
    let Some(known) = known else { return Ok(None) };
    if let Some(slug) = here.host
        && !is_theirs(&mut tx, slug, known.home).await?
    {
        return Ok(None);
    }
    // What is not kept leaves the session as silent as it was.
    if here.is_activity {
        tx.commit().await?;
    }
    Ok(Some(Caller::new(Known { address: here.address, key: *credential.hash(), ..known })))
}

async fn key(tx: &mut SystemTx, app: &App, hash: &[u8; 32]) -> Result<Option<Known>, Problem> {
    let Some(used) = keys::touch(tx, hash, app.now()).await? else { return Ok(None) };
    Ok(Some(Known {
        tenant: used.tenant,
        home: used.tenant,
        who: Who::Key(used.id),
        name: format!("key {}", used.name),
        acting: None,
        permissions: rights::of_key(used.permissions, used.is_platform),
        zones: used.zones,
        services: used.services,
        is_platform: used.is_platform,
        state: lifecycle::state(&used.life, app.now()),
        lacks_second_proof: false,
        ..Known::nobody()
    }))
}

async fn session(tx: &mut SystemTx, app: &App, hash: &[u8; 32]) -> Result<Option<Known>, Problem> {
    let Some(here) = sign_ins::touch(tx, hash, app.now(), IDLE).await? else { return Ok(None) };
    let standing = Standing {
        rights: here.rights,
        is_platform: here.is_platform,
        proved_twice: here.proved_twice,
        demanded: here.demands_totp,
        impersonates: here.acting.is_some(),
    };
    let in_force = rights::in_force(&standing);
    let acting = here.acting.map(|acting| Acting { impersonation: acting.impersonation, until: acting.until });
    Ok(Some(Known {
        tenant: here.acting.map_or(here.tenant, |acting| acting.tenant),
        home: here.tenant,
        who: Who::Staff { id: here.staff, sign_in: here.id },
        name: here.name,
        acting,
        permissions: in_force.given.permissions,
        zones: here.zones,
        services: in_force.given.services,
        is_platform: here.is_platform,
        // In a provider's place it is the platform's own account that counts.
        state: lifecycle::state(&here.life, app.now()),
        lacks_second_proof: in_force.lacks_second_proof,
        ..Known::nobody()
    }))
}

/// Whether the provider of that subdomain is theirs.
async fn is_theirs(tx: &mut SystemTx, slug: &Slug, home: TenantId) -> Result<bool, Problem> {
    Ok(tenants::find(tx, slug.as_str()).await?.is_some_and(|tenant| tenant.id == home))
}
