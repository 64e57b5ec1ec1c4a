//! Who is asking, once the door knows them.

use std::net::IpAddr;
use std::sync::Arc;

use actions::context::Context;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::response::Response;
use domain::id::{ImpersonationId, KeyId, SignInId, StaffId, TenantId};
use domain::people::permission::{Act, Permission, Permissions, Thing};
use domain::people::role::Services;
use domain::people::staff::Zoned;
use domain::platform::audit::Actor;
use domain::platform::life::TenantState;
use domain::time::Timestamp;
use store::TenantScope;

use crate::app::App;
use crate::limits::CallerKey;
use crate::problem::{Code, Problem};

/// Somebody whose session or key is in force. Only the door makes one.
#[derive(Clone, Debug)]
pub struct Caller(Arc<Known>);

#[derive(Debug)]
pub(crate) struct Known {
    /// Whose rows they see.
    pub(crate) tenant: TenantId,
    /// Where they belong.
    pub(crate) home: TenantId,
    pub(crate) who: Who,
    pub(crate) name: String,
    /// As the audit has them.
    pub(crate) actor: Actor,
    pub(crate) acting: Option<Acting>,
    pub(crate) permissions: Permissions,
    pub(crate) zones: Zoned,
    pub(crate) services: Services,
    pub(crate) is_platform: bool,
    /// Where their provider stands with the platform.
    pub(crate) state: TenantState,
    /// Until they prove a second time who they are, they may do nothing but that.
    pub(crate) lacks_second_proof: bool,
    pub(crate) address: IpAddr,
    pub(crate) key: CallerKey,
}

impl Known {
    /// What the door fills in for everybody.
    pub(crate) fn nobody() -> Self {
        let nowhere = TenantId::from_bytes([0; 16]);
        Self {
            tenant: nowhere,
            home: nowhere,
            who: Who::Key(KeyId::from_bytes([0; 16])),
            name: String::new(),
            actor: Actor::OURSELVES,
            acting: None,
            permissions: Permissions::NONE,
            zones: Zoned::Some(Vec::new()),
            services: Services::PppoeAndStatic,
            is_platform: false,
            state: TenantState::Active { paid_until: None },
            lacks_second_proof: true,
            address: IpAddr::from([0, 0, 0, 0]),
            key: [0; 32],
        }
    }
}

/// Somebody of the platform in a provider's place.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Acting {
    /// The record of it.
    pub impersonation: ImpersonationId,
    /// Until when.
    pub until: Timestamp,
}

/// What somebody showed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Who {
    /// A person, through a session.
    Staff {
        /// Who.
        id: StaffId,
        /// The session.
        sign_in: SignInId,
    },
    /// A program, with a key.
    Key(KeyId),
}

impl Caller {
    pub(crate) fn new(known: Known) -> Self {
        let actor = Actor {
            name: known.name.clone().into(),
            staff: match known.who {
                Who::Staff { id, .. } => Some(id),
                Who::Key(_) => None,
            },
            from: Some(known.address),
            impersonator: known.acting.map(|_| known.name.clone().into()),
        };
        Self(Arc::new(Known { actor, ..known }))
    }

    /// The door to the rows that are theirs.
    pub fn scope(&self) -> TenantScope {
        TenantScope::of_staff(self.0.tenant)
    }

    /// Their provider, or the platform itself.
    pub fn tenant(&self) -> TenantId {
        self.0.tenant
    }

    /// What they showed.
    pub fn who(&self) -> Who {
        self.0.who
    }

    /// Where they belong: another provider than [`Self::tenant`] for somebody who acts in its place.
    pub fn home(&self) -> TenantId {
        self.0.home
    }

    /// Their name.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// In whose place they act, if they do.
    pub fn acting(&self) -> Option<Acting> {
        self.0.acting
    }

    /// Whether they have to prove a second time who they are before they may do anything else.
    pub fn lacks_second_proof(&self) -> bool {
        self.0.lacks_second_proof
    }

    /// What they may do.
    pub fn permissions(&self) -> Permissions {
        self.0.permissions
    }

    /// Where.
    pub fn zones(&self) -> &Zoned {
        &self.0.zones
    }

    /// With which kinds of service.
    pub fn services(&self) -> Services {
        self.0.services
    }

    /// Whether they are the platform's own people.
    pub fn is_platform(&self) -> bool {
        self.0.is_platform
    }

    /// Whether their provider's account is locked. For somebody of the platform in a provider's place it never is: they
    /// are there to help.
    pub fn is_locked(&self) -> bool {
        self.0.state.is_locked()
    }

    /// Where they ask from.
    pub fn address(&self) -> IpAddr {
        self.0.address
    }

    /// What they are counted by.
    pub(crate) fn key(&self) -> &CallerKey {
        &self.0.key
    }

    /// The clock and the dice of a deed of theirs, and who they are.
    pub fn context<'a>(&'a self, app: &'a App) -> Context<'a> {
        app.context().by(&self.0.actor)
    }

    /// Refuses what they have no permission for. The table of routes has asked for its own already; this is for what
    /// depends on the body.
    pub fn may(&self, thing: Thing, act: Act) -> Result<(), Problem> {
        if self.0.permissions.allow(thing, act) {
            return Ok(());
        }
        if self.0.lacks_second_proof {
            let said = "prove a second time who you are first: your account needs a code beside the password";
            return Err(Problem::new(Code::NotAllowed, said));
        }
        let permission = Permission { thing, act };
        let who = match self.0.who {
            Who::Staff { .. } => "your role has no permission",
            Who::Key(_) => "this key has no permission",
        };
        let said = format!("{who} `{permission}`; whoever may change roles and keys can give it");
        Err(Problem::new(Code::NotAllowed, said))
    }
}

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts.extensions.get::<Self>().cloned().ok_or_else(|| {
            tracing::error!("a handler wants to know its caller, and its route is open to anybody");
            Problem::internal()
        })
    }
}

/// Who was seen at the door, for the log.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen(Option<Caller>);

impl Seen {
    pub(crate) fn put(response: &mut Response, caller: &Caller) {
        response.extensions_mut().insert(Self(Some(caller.clone())));
    }

    pub(crate) fn of(response: &Response) -> Self {
        response.extensions().get::<Self>().cloned().unwrap_or_default()
    }

    pub(crate) const fn is_somebody(&self) -> bool {
        self.0.is_some()
    }

    pub(crate) fn tenant(&self) -> String {
        self.0.as_ref().map_or_else(String::new, |caller| caller.tenant().to_string())
    }

    pub(crate) fn who(&self) -> String {
        self.0.as_ref().map_or_else(String::new, |caller| match caller.who() {
            Who::Staff { id, .. } => format!("staff {id}"),
            Who::Key(id) => format!("key {id}"),
        })
    }
}
