//! Somebody of the platform acts in an ISP's place, for a while and for a reason that the ISP reads.

use domain::id::{ImpersonationId, SignInId, StaffId, TenantId};
use domain::platform::audit::{Change, Thing, Verb};
use domain::time::Span;
use store::people::impersonations::{self, Impersonation};
use store::people::sign_ins::{self, Acting, SignedIn};
use store::platform::audit;
use store::{Store, StoreError, TenantScope};

use crate::context::Context;
use crate::people::by::PeopleError;

/// The longest time.
pub const MINUTES_MAX: u32 = 60;
/// Fewest and most characters of a reason.
const REASON: std::ops::RangeInclusive<usize> = 10..=300;

/// Somebody who acts in an ISP's place, or wants to.
#[derive(Clone, Debug)]
pub struct Visitor {
    /// Where they work.
    pub home: TenantId,
    /// Who they are.
    pub staff: StaffId,
    /// Their stay.
    pub stay: SignInId,
    /// Their name.
    pub name: String,
    /// Whether they work for the platform itself.
    pub is_platform: bool,
    /// Whether they gave a code beside the password.
    pub proved_twice: bool,
    /// In whose place they act, by which record.
    pub acting: Option<(TenantId, ImpersonationId)>,
}

impl From<&SignedIn> for Visitor {
    fn from(stay: &SignedIn) -> Self {
        Self {
            home: stay.tenant,
            staff: stay.staff,
            stay: stay.id,
            name: stay.name.clone(),
            is_platform: stay.is_platform,
            proved_twice: stay.proved_twice,
            acting: stay.acting.map(|acting| (acting.tenant, acting.impersonation)),
        }
    }
}

/// Lets a stay of the platform's act in an ISP's place. Needs a second proof in that stay. Written down on both sides at
/// once, so that nothing can be done there of which the ISP does not know.
pub async fn begin(
    store: &Store,
    visitor: &Visitor,
    (tenant, reason, minutes): (TenantId, &str, u32),
    context: Context<'_>,
) -> Result<Impersonation, PeopleError> {
    let reason = reason.trim();
    if !visitor.proved_twice {
        return Err(PeopleError::SecondProofFirst);
    }
    if visitor.acting.is_some() {
        return Err(PeopleError::Standing("you act in an ISP's place already: stop that first"));
    }
    if !REASON.contains(&reason.chars().count()) || reason.chars().any(char::is_control) {
        return Err(PeopleError::BadReason);
    }
    if tenant == visitor.home || !visitor.is_platform {
        return Err(PeopleError::Standing("only the platform's people act in an ISP's place"));
    }
    let now = context.now();
    let lasts = Span::minutes(i64::from(minutes.clamp(1, MINUTES_MAX)));
    let visit = Impersonation {
        id: context.new_id(),
        tenant,
        by: visitor.staff,
        by_name: visitor.name.clone(),
        reason: reason.to_owned(),
        begun_at: now,
        until: now.plus(lasts),
        ended_at: None,
    };
    let changes = || {
        vec![
            Change::of("by", None, Some(&visit.by_name)),
            Change::of("reason", None, Some(&visit.reason)),
            Change::of("until", None, Some(&visit.until.to_string())),
        ]
    };
    let mut there = store.tenant(&TenantScope::of_platform(tenant)).await?;
    impersonations::begin(&mut there, &visit).await.map_err(no_such_isp)?;
    let thing = Thing::Impersonation(visit.id);
    audit::note(&mut there, &[context.audit(Verb::BeginImpersonation, thing, changes())]).await?;
    let mut here = there.turned_to(&TenantScope::of_staff(visitor.home)).await?;
    let acting = Acting { tenant, impersonation: visit.id, until: visit.until };
    sign_ins::set_acting(&mut here, visitor.staff, visitor.stay, Some(acting)).await?;
    let mut told = changes();
    told.push(Change::of("isp", None, Some(&tenant.to_string())));
    audit::note(&mut here, &[context.audit(Verb::BeginImpersonation, thing, told)]).await?;
    here.commit().await?;
    Ok(visit)
}

/// An ISP that is not there.
fn no_such_isp(error: StoreError) -> PeopleError {
    if matches!(error, StoreError::Conflict { .. }) { PeopleError::Nobody } else { PeopleError::Store(error) }
}

/// Lets a stay act in an ISP's place no more. Returns whether it did.
pub async fn end(store: &Store, visitor: &Visitor, context: Context<'_>) -> Result<bool, PeopleError> {
    let Some((tenant, record)) = visitor.acting else { return Ok(false) };
    let entry = || context.audit(Verb::EndImpersonation, Thing::Impersonation(record), Vec::new());
    let mut there = store.tenant(&TenantScope::of_platform(tenant)).await?;
    // One whose time runs out at this moment is told of by whoever ends those.
    let lasted = impersonations::end(&mut there, record, context.now()).await?;
    if lasted {
        audit::note(&mut there, &[entry()]).await?;
    }
    let mut here = there.turned_to(&TenantScope::of_staff(visitor.home)).await?;
    sign_ins::set_acting(&mut here, visitor.staff, visitor.stay, None).await?;
    if lasted {
        audit::note(&mut here, &[entry()]).await?;
    }
    here.commit().await?;
    Ok(true)
}
