//! Keys of programs: made, given another proof, and taken back.

use credentials::token::{OCTETS, Token};
use domain::id::KeyId;
use domain::people::key::Key;
use domain::people::permission::Permissions;
use domain::people::role::{Rights, Services};
use domain::people::staff::Zoned;
use domain::platform::audit::{Change, Thing, Verb};
use domain::platform::tier::Feature;
use domain::secret::Secret;
use domain::time::{Span, Timestamp};
use store::people::keys;
use store::platform::audit;
use store::{Store, TenantScope};

use crate::context::Context;
use crate::people::by::{By, PeopleError};
use crate::people::roles::named;
use crate::platform::entitle;

/// The most keys in force of one ISP.
pub const KEYS_MAX: u64 = 100;
/// How long an earlier proof may go on after a rotation.
pub const GRACE_MAX: Span = Span::minutes(7 * 24 * 60);
/// The longest life of a key that has an end.
const LIFE_MAX: Span = Span::minutes(10 * 366 * 24 * 60);

/// What a key is to be.
#[derive(Clone, Debug)]
pub struct NewKey {
    /// How people call it.
    pub name: String,
    /// What it may do.
    pub permissions: Permissions,
    /// With which kinds of service.
    pub services: Services,
    /// Where.
    pub zones: Zoned,
    /// When it ends by itself.
    pub expires_at: Option<Timestamp>,
}

/// A key with its proof, which is told this once.
#[derive(Debug)]
pub struct MadeKey {
    /// The key.
    pub key: Key,
    /// What the program sends: `mnk_…`.
    pub secret: Secret<String>,
}

/// Makes a key. Nobody makes one that may do more than they may.
pub async fn make_key(
    store: &Store,
    scope: &TenantScope,
    by: &By,
    new: NewKey,
    context: Context<'_>,
) -> Result<MadeKey, PeopleError> {
    let now = context.now();
    named(&new.name, Key::NAME_MAX)?;
    if new.permissions.is_empty() {
        return Err(PeopleError::NoPermissions);
    }
    if new.expires_at.is_some_and(|end| end <= now || end > now.plus(LIFE_MAX)) {
        return Err(PeopleError::BadEnd);
    }
    by.may_give_rights(Rights::Own { permissions: new.permissions, services: new.services }, &new.zones)?;
    let token = fresh(context);
    let key = Key {
        id: context.new_id(),
        name: new.name,
        permissions: new.permissions,
        services: new.services,
        zones: new.zones,
        made_by: context.actor().chars().take(100).collect(),
        made_at: now,
        rotated_at: None,
        earlier_until: None,
        expires_at: new.expires_at,
        last_used_at: None,
        revoked_at: None,
        revision: 1,
    };
    let mut tx = store.tenant(scope).await?;
    entitle::may_use(&mut tx, Feature::CustomApi, context).await?;
    let there = keys::count(&mut tx, now).await?;
    if there >= KEYS_MAX {
        return Err(PeopleError::TooMany(there));
    }
    keys::add(&mut tx, &key, &token.hash).await?;
    let changes = vec![
        Change::of("name", None, Some(&key.name)),
        Change::of("permissions", None, Some(&key.permissions.to_string())),
    ];
    audit::note(&mut tx, &[context.audit(Verb::MakeKey, Thing::Key(key.id), changes)]).await?;
    tx.commit().await?;
    Ok(MadeKey { key, secret: token.key_text() })
}

/// Gives a key another proof; the one before goes on for a while, so that no program stops meanwhile.
pub async fn rotate_key(
    store: &Store,
    scope: &TenantScope,
    by: &By,
    (id, grace): (KeyId, Span),
    context: Context<'_>,
) -> Result<MadeKey, PeopleError> {
    if grace < Span::seconds(0) || grace > GRACE_MAX {
        return Err(PeopleError::BadEnd);
    }
    let now = context.now();
    let mut tx = store.tenant(scope).await?;
    let before = keys::lock(&mut tx, id).await?.ok_or(PeopleError::NoSuchKey)?;
    if before.revoked_at.is_some() {
        return Err(PeopleError::Standing("the key was taken back: make another"));
    }
    by.may_give_rights(Rights::Own { permissions: before.permissions, services: before.services }, &before.zones)?;
    let token = fresh(context);
    keys::rotate(&mut tx, id, &token.hash, now, now.plus(grace)).await?;
    let changes = vec![Change::of("earlier_until", None, Some(now.plus(grace)))];
    audit::note(&mut tx, &[context.audit(Verb::RotateKey, Thing::Key(id), changes)]).await?;
    let key = keys::find(&mut tx, id).await?.ok_or(PeopleError::NoSuchKey)?;
    tx.commit().await?;
    Ok(MadeKey { key, secret: token.key_text() })
}

/// Takes a key back, at once and for ever.
pub async fn revoke_key(
    store: &Store,
    scope: &TenantScope,
    by: &By,
    id: KeyId,
    context: Context<'_>,
) -> Result<Key, PeopleError> {
    let mut tx = store.tenant(scope).await?;
    let before = keys::lock(&mut tx, id).await?.ok_or(PeopleError::NoSuchKey)?;
    if before.revoked_at.is_some() {
        return Ok(before);
    }
    by.may_give_rights(Rights::Own { permissions: before.permissions, services: before.services }, &before.zones)?;
    keys::revoke(&mut tx, id, context.now()).await?;
    let changes = vec![Change::of("revoked_at", None, Some(context.now()))];
    audit::note(&mut tx, &[context.audit(Verb::RevokeKey, Thing::Key(id), changes)]).await?;
    let key = keys::find(&mut tx, id).await?.ok_or(PeopleError::NoSuchKey)?;
    tx.commit().await?;
    Ok(key)
}

fn fresh(context: Context<'_>) -> Token {
    let mut chance = [0; OCTETS];
    context.random().fill(&mut chance);
    Token::of(chance)
}
