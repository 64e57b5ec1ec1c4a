//! `mnetifi staff …`: who works for a tenant, or for the platform.

use actions::people::by::By;
use actions::people::end_stays;
use actions::people::invite::{self, Joining, NewStaff};
use actions::people::{reset_password, standing, totp};
use anyhow::{Context as _, bail};
use domain::email::Email;
use domain::id::StaffId;
use domain::people::staff::Zoned;
use domain::phone::{CallingCode, Msisdn};
use domain::secret::Secret;
use serde::Serialize;
use store::TenantScope;
use store::people::staff::{self, StaffFilter};

use crate::cli;
use crate::commands::platform::{Place, place};
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
            let ended = end_stays::end_all(&opened.store, &at.scope, &by, id, opened.context()).await?;
            said(opened, &one.email, &format!("was signed out of {ended} sessions"))
        }
    }
}

async fn add(opened: &Opened, at: &Place, new: cli::StaffAdd) -> anyhow::Result<()> {
    let phone = |text: &String| Msisdn::parse(text.as_bytes(), &CallingCode::kenya());
    let zones = if new.zones.is_empty() { Zoned::All } else { Zoned::Some(new.zones) };
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
    let rows: Vec<Row> = page
        .rows
        .iter()
        .map(|one| Row {
            email: one.email.to_string(),
            user_name: one.user_name.to_string(),
            name: one.name.to_string(),
            role: one.role.to_string(),
            state: one.state.code(),
            codes: one.has_totp,
            id: one.id.to_string(),
        })
        .collect();
    let cells = |row: &Row| {
        vec![row.email.clone(), row.user_name.clone(), row.name.clone(), row.role.clone(), row.state.to_owned()]
    };
    let header = ["EMAIL", "USER NAME", "NAME", "ROLE", "STATE"];
    print::rows(opened.style, &rows, &header, cells, "nobody yet: `mnetifi staff add` adds somebody")?;
    opened.say_next(&page);
    Ok(())
}

/// The person of this tenant with that address.
async fn whose(opened: &Opened, scope: &TenantScope, email: &Email) -> anyhow::Result<StaffId> {
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
