//! `mnetifi staff …`: who works for a tenant, or for the platform.

use actions::people::by::By;
use actions::people::change_staff::{StaffChange, change_staff};
use actions::people::demand_totp::demand_totp;
use actions::people::end_stays;
use actions::people::invite::{self, Joining, NewStaff};
use actions::people::sign_in::IDLE;
use actions::people::{reset_password, standing, totp};
use anyhow::{Context as _, bail};
use domain::email::Email;
use domain::id::StaffId;
use domain::people::staff::{Staff, Zoned};
use domain::phone::Msisdn;
use domain::secret::Secret;
use serde::Serialize;
use store::TenantScope;
use store::people::sign_ins;
use store::people::staff::{self, StaffFilter};

use crate::cli::{self, Switch};
use crate::commands::platform::{Place, place};
use crate::commands::zone;
use crate::open::Opened;
use crate::print;
use crate::secrets;

#[derive(Serialize)]
struct Row {
    email: String,
    user_name: String,
    name: String,
    role: String,
    state: &'static str,
    codes: bool,
    id: String,
}

impl Row {
    fn of(one: &Staff) -> Self {
        Self {
            email: one.email.to_string(),
            user_name: one.user_name.to_string(),
            name: one.name.to_string(),
            role: one.role.to_string(),
            state: one.state.code(),
            codes: one.has_totp,
            id: one.id.to_string(),
        }
    }
}

/// Runs the command.
pub async fn run(opened: &Opened, command: cli::Staff) -> anyhow::Result<()> {
    let at = place(opened).await?;
    match command {
        cli::Staff::Add(new) => add(opened, &at, *new).await,
        cli::Staff::List(paging) => list(opened, &at.scope, &paging).await,
        cli::Staff::Invite(one) => {
            let (by, id) = (at.by(), whose(opened, &at.scope, &one.email).await?);
            let done =
                invite::invite_again(&opened.store, &at.scope, &by, id, Joining::ByHand, opened.context()).await?;
            hand_over(opened, &one.email, done.code, "choose a password within seven days")
        }
        cli::Staff::ResetPassword(one) => {
            let (by, id) = (at.by(), whose(opened, &at.scope, &one.email).await?);
            let code = reset_password::make_code(&opened.store, &at.scope, &by, id, opened.context()).await?;
            hand_over(opened, &one.email, Some(code), "choose another password within thirty minutes")
        }
        cli::Staff::Deactivate(one) => {
            let (by, id) = (at.by(), whose(opened, &at.scope, &one.email).await?);
            standing::deactivate(&opened.store, &at.scope, &by, id, opened.context()).await?;
            said(opened, &one.email, "may sign in no more; their sessions have ended")
        }
        cli::Staff::Reactivate(one) => {
            let (by, id) = (at.by(), whose(opened, &at.scope, &one.email).await?);
            standing::reactivate(&opened.store, &at.scope, &by, id, opened.context()).await?;
            said(opened, &one.email, "may sign in again")
        }
        cli::Staff::RemoveTotp(one) => {
            let (by, id) = (at.by(), whose(opened, &at.scope, &one.email).await?);
            totp::remove_of(&opened.store, &at.scope, &by, id, opened.context()).await?;
            said(opened, &one.email, "signs in without a code, and may set one up anew")
        }
        cli::Staff::SignOut(one) => {
            let (by, id) = (at.by(), whose(opened, &at.scope, &one.email).await?);
            let Some(session) = one.session else {
                let ended = end_stays::end_all(&opened.store, &at.scope, &by, id, opened.context()).await?;
                return said(opened, &one.email, &format!("was signed out of {ended} sessions"));
            };
            if !end_stays::end_one(&opened.store, &at.scope, (id, session), opened.context()).await? {
                let email = &one.email;
                bail!(
                    "{email} has no session {session} that lasts: `mnetifi staff sessions {email}` shows those there are"
                );
            }
            said(opened, &one.email, "was signed out of that session")
        }
        cli::Staff::Sessions(one) => sessions(opened, &at.scope, &one.email).await,
        cli::Staff::Change(wanted) => change(opened, &at, *wanted).await,
        cli::Staff::DemandTotp { switch } => {
            let demanded = switch == Switch::On;
            demand_totp(&opened.store, &at.scope, demanded, opened.context()).await?;
            let what = if demanded {
                "must give a code beside the password; whoever has none may only set one up"
            } else {
                "may sign in by password alone"
            };
            print::result(opened.style, &serde_json::json!({ "demanded": demanded }), &format!("everybody {what}"))
        }
    }
}

async fn change(opened: &Opened, at: &Place, wanted: cli::StaffChange) -> anyhow::Result<()> {
    let id = whose(opened, &at.scope, &wanted.email).await?;
    let phone = match wanted.phone.as_deref() {
        None => None,
        Some("-") => Some(None),
        Some(text) => Some(Some(Msisdn::parse(text.as_bytes(), &at.calling_code)?)),
    };
    let zones = match (wanted.everywhere, wanted.zones.is_empty()) {
        (true, _) => Some(Zoned::All),
        (false, true) => None,
        (false, false) => Some(zone::zoned(opened, &at.scope, &wanted.zones).await?),
    };
    let change = StaffChange {
        email: wanted.new_email,
        user_name: wanted.user_name,
        name: wanted.name,
        phone,
        id_number: wanted.id_number.map(Some),
        role: wanted.role,
        zones,
    };
    let changed = change_staff(&opened.store, &at.scope, &at.by(), id, change, |_| true, opened.context()).await?;
    print::result(opened.style, &Row::of(&changed), &format!("{} has the role {} now", changed.email, changed.role))
}

#[derive(Serialize)]
struct SessionRow {
    id: String,
    begun_at: String,
    last_seen_at: String,
    address: Option<String>,
    agent: Option<String>,
    codes: bool,
}

async fn sessions(opened: &Opened, scope: &TenantScope, email: &Email) -> anyhow::Result<()> {
    let id = whose(opened, scope, email).await?;
    let mut tx = opened.store.tenant(scope).await?;
    let stays = sign_ins::live(&mut tx, id, opened.context().now(), IDLE).await?;
    let rows: Vec<SessionRow> = stays
        .into_iter()
        .map(|stay| SessionRow {
            id: stay.id.to_string(),
            begun_at: stay.begun_at.to_string(),
            last_seen_at: stay.last_seen_at.to_string(),
            address: stay.address.map(|address| address.to_string()),
            agent: stay.agent,
            codes: stay.proved_twice,
        })
        .collect();
    let cells = |row: &SessionRow| {
        let (address, agent) = (row.address.clone().unwrap_or_default(), row.agent.clone().unwrap_or_default());
        vec![row.begun_at.clone(), row.last_seen_at.clone(), address, agent, row.id.clone()]
    };
    let header = ["BEGAN", "LAST SEEN", "FROM", "BROWSER", "ID"];
    print::rows(opened.style, &rows, &header, cells, "not signed in at this moment")
}

async fn add(opened: &Opened, at: &Place, new: cli::StaffAdd) -> anyhow::Result<()> {
    let phone = |text: &String| Msisdn::parse(text.as_bytes(), &at.calling_code);
    let zones = zone::zoned(opened, &at.scope, &new.zones).await?;
    let person = NewStaff {
        email: new.email.clone(),
        user_name: new.user_name,
        name: new.name,
        phone: new.phone.as_ref().map(phone).transpose()?,
        id_number: new.id_number,
        role: new.role,
        zones,
    };
    let joining = match &new.password_file {
        None => Joining::ByHand,
        Some(file) => Joining::With(secrets::read(None, Some(file), "the password")?),
    };
    let done = invite::invite(&opened.store, &at.scope, &at.by(), person, joining, opened.context()).await?;
    match done.code {
        None => said(opened, &new.email, "may sign in with that password"),
        code => hand_over(opened, &new.email, code, "choose a password within seven days"),
    }
}

async fn list(opened: &Opened, scope: &TenantScope, paging: &cli::Paging) -> anyhow::Result<()> {
    let mut tx = opened.store.tenant(scope).await?;
    let page = staff::list(&mut tx, &StaffFilter::default(), opened.page(paging)?).await?;
    let rows: Vec<Row> = page.rows.iter().map(Row::of).collect();
    let cells = |row: &Row| {
        vec![row.email.clone(), row.user_name.clone(), row.name.clone(), row.role.clone(), row.state.to_owned()]
    };
    let header = ["EMAIL", "USER NAME", "NAME", "ROLE", "STATE"];
    print::rows(opened.style, &rows, &header, cells, "nobody yet: `mnetifi staff add` adds somebody")?;
    opened.say_next(&page);
    Ok(())
}

/// The person of this tenant with that address.
pub async fn whose(opened: &Opened, scope: &TenantScope, email: &Email) -> anyhow::Result<StaffId> {
    let mut tx = opened.store.system().await?;
    let found = staff::by_email(&mut tx, email).await?;
    tx.commit().await?;
    match found {
        Some((tenant, id)) if tenant == scope.tenant() => Ok(id),
        _ => bail!("nobody with the address {email} works here: `mnetifi staff list` shows who does"),
    }
}

/// Prints a code that lets somebody in, once.
fn hand_over(opened: &Opened, email: &Email, code: Option<Secret<String>>, what: &str) -> anyhow::Result<()> {
    let code = code.context("no code was made")?;
    let result = serde_json::json!({ "email": email.as_str(), "code": code.expose() });
    print::result(opened.style, &result, &format!("hand this code to {email}, by which they {what}: {}", code.expose()))
}

fn said(opened: &Opened, email: &Email, what: &str) -> anyhow::Result<()> {
    print::result(
        opened.style,
        &serde_json::json!({ "email": email.as_str(), "done": what }),
        &format!("{email} {what}"),
    )
}

impl Place {
    /// The operator of the machine, who may do anything here.
    pub fn by(&self) -> By {
        By::operator(self.is_platform)
    }
}
