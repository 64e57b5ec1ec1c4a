//! An ISP's account with the platform: `/v1/billing`. Where it stands, what it has, what it costs to go on.

use actions::platform::account::AccountError;
use actions::platform::account::change_tier::{self, Changed, Wish};
use actions::platform::told::Side;
use axum::extract::State;
use axum::response::Response;
use domain::people::permission::{Act, Thing};
use domain::platform::account::Account;
use domain::platform::life::{LockedWhy, TenantState};
use domain::platform::tier::{Limit, Tier};
use domain::text::Slug;
use domain::time::{Timestamp, Zone};
use policy::platform::tiers::Turned;
use policy::platform::{lifecycle, tiers as rules};
use serde::{Deserialize, Serialize};
use store::TenantTx;
use store::platform::{accounts, tenants, tiers};
use utoipa::ToSchema;
use utoipa_axum::routes;

use crate::app::App;
use crate::body::{Body, json};
use crate::door::Caller;
use crate::etag::single;
use crate::list::{Nothing, Query};
use crate::platform::tiers::{FeatureView, LimitName, TierView, features};
use crate::problem::{Code, FaultCode, Faults, Problem};
use crate::routes::Route;
use crate::shapes::MoneyView;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::needs(routes!(show), Thing::Billing, Act::See),
        Route::needs(routes!(choose), Thing::Billing, Act::Change).told_as("change_tier").also_when_locked(),
    ]
}

/// Where an ISP stands with the platform.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = AccountState)]
pub(super) enum StateView {
    /// It tries everything for a while.
    Trial,
    /// It has paid, or nobody asks it to.
    Active,
    /// What it has paid for is over; it may go on for some days.
    Grace,
    /// Its staff may look, pay and export, and change nothing.
    Locked,
}

impl StateView {
    pub(super) const fn of(state: &TenantState) -> Self {
        match state {
            TenantState::Trial { .. } => Self::Trial,
            TenantState::Active { .. } => Self::Active,
            TenantState::Grace { .. } => Self::Grace,
            TenantState::Locked { .. } => Self::Locked,
        }
    }
}

/// An ISP's account with the platform.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Billing)]
struct BillingView {
    /// Where it stands. Its customers log in and buy in every state.
    state: StateView,
    /// When that becomes another one by itself.
    #[schema(required = true, format = DateTime)]
    until: Option<String>,
    /// Since when it is locked.
    #[schema(required = true, format = DateTime)]
    locked_since: Option<String>,
    /// Why it is locked.
    #[schema(required = true)]
    locked_why: Option<String>,
    /// What it has.
    #[schema(required = true)]
    tier: Option<TierView>,
    /// What it has from the end of its paid time on, where that is another one.
    #[schema(required = true)]
    next_tier: Option<TierView>,
    /// What a month costs to go on; null while no tier is chosen: `/v1/tiers` has those there are.
    #[schema(required = true)]
    to_go_on: Option<MoneyView>,
    /// What it may use now.
    features: Vec<FeatureView>,
    /// What is counted, against what its tier allows now.
    counts: Vec<CountView>,
}

/// How many there are of something that tiers limit.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TierCount)]
struct CountView {
    /// Of what.
    limit: LimitName,
    /// How many there are.
    used: u64,
    /// How many the tier allows; null is without limit.
    #[schema(required = true)]
    most: Option<u32>,
    /// How many are beyond that, the newest: they go on working, and are not changed.
    read_only: u64,
}

/// Show the account with the platform
///
/// Where it stands and until when, what it has, how much of it is used, and what it costs to go on.
#[utoipa::path(get, path = "/v1/billing", tag = "billing", operation_id = "show_billing",
    responses((status = 200, body = BillingView)))]
async fn show(State(app): State<App>, caller: Caller, _: Query<Nothing>) -> Result<Response, Problem> {
    let mut tx = app.store().tenant(&caller.scope()).await?;
    let account = accounts::find(&mut tx).await?;
    single(&view(&mut tx, &account, app.now()).await?)
}

async fn view(tx: &mut TenantTx, account: &Account, now: Timestamp) -> Result<BillingView, Problem> {
    let state = lifecycle::state(&account.life, now);
    let in_force = rules::tier_in_force(account, now);
    let (locked_since, locked_why) = match &state {
        TenantState::Locked { since, why } => (Some(since.to_string()), Some(why_in_words(*since, why, &Zone::utc()))),
        TenantState::Trial { .. } | TenantState::Active { .. } | TenantState::Grace { .. } => (None, None),
    };
    let next = account.next_tier.as_ref().filter(|next| in_force.is_none_or(|tier| tier.code != next.code));
    Ok(BillingView {
        state: StateView::of(&state),
        until: state.until().map(|until| until.to_string()),
        locked_since,
        locked_why,
        tier: in_force.map(TierView::of),
        next_tier: next.map(TierView::of),
        to_go_on: next.or(in_force).map(|tier| tier.month.into()),
        features: features(&rules::entitlements(&state, in_force)),
        counts: counts(tx, &state, in_force).await?,
    })
}

/// What is counted, against a tier.
async fn counts(tx: &mut TenantTx, state: &TenantState, tier: Option<&Tier>) -> Result<Vec<CountView>, Problem> {
    let entitled = rules::entitlements(state, tier);
    let mut counts = Vec::with_capacity(Limit::ALL.len());
    for limit in Limit::ALL {
        let used = accounts::count(tx, limit).await?;
        let most = entitled.limits.get(&limit).copied();
        let read_only = most.map_or(0, |most| used.saturating_sub(u64::from(most)));
        counts.push(CountView { limit: limit.into(), used, most, read_only });
    }
    Ok(counts)
}

/// From when another tier holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = TierFrom)]
enum FromView {
    /// At once: what is left of paid time is turned into time of the new tier, money for money.
    #[default]
    Now,
    /// From the end of what is paid for.
    PeriodEnd,
}

/// A tier to move to.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ChosenTier {
    /// Its short name, as the price list has it.
    #[schema(example = "premium", max_length = 63)]
    tier: String,
    /// From when; `now` when it is left out.
    #[serde(default)]
    from: FromView,
    /// Only tell what would become of it: nothing is changed.
    #[serde(default)]
    preview: bool,
}

impl ChosenTier {
    /// The tier, from when, and whether it is only to be told.
    pub(super) fn read(self) -> Result<(Slug, change_tier::From, bool), Problem> {
        let mut faults = Faults::new();
        let code = faults.take("/tier", self.tier.parse());
        let from = match self.from {
            FromView::Now => change_tier::From::Now,
            FromView::PeriodEnd => change_tier::From::PeriodEnd,
        };
        Ok((faults.unless(code)?, from, self.preview))
    }
}

/// A change of tier that was made, or that would be.
#[derive(Debug, Serialize, ToSchema)]
struct ChangedTier {
    /// Whether nothing was changed.
    preview: bool,
    /// The account afterwards.
    account: BillingView,
    /// What becomes of paid time, where it changes at once and some was left.
    #[schema(required = true)]
    proration: Option<ProrationView>,
    /// What the new tier has no room for once it holds: the newest stay as they are and go on working, and are not
    /// changed until there is room.
    becomes_read_only: Vec<CountView>,
    /// What can be used now and not with the new tier.
    loses: Vec<FeatureView>,
}

/// What becomes of paid time.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Proration)]
pub(super) struct ProrationView {
    /// What the time that is left was worth.
    credit: MoneyView,
    /// Until when that pays for the new tier.
    #[schema(format = DateTime)]
    until: String,
    /// What it costs to have the new tier until the end that was paid for before.
    to_keep_end: MoneyView,
}

impl ProrationView {
    pub(super) fn of(turned: Turned) -> Self {
        let Turned { credit, until, to_keep_end } = turned;
        Self { credit: credit.into(), until: until.to_string(), to_keep_end: to_keep_end.into() }
    }
}

/// Move to another tier, or choose one
///
/// With `preview` it only tells what would become of paid time, and what the new tier has no room for. Nothing is ever
/// deleted. Also while the account is locked.
#[utoipa::path(post, path = "/v1/billing/tier", tag = "billing", operation_id = "choose_tier", request_body = ChosenTier,
    responses((status = 200, description = "What was changed, or would be.", body = ChangedTier)))]
async fn choose(
    State(app): State<App>,
    caller: Caller,
    _: Query<Nothing>,
    Body(chosen): Body<ChosenTier>,
) -> Result<Response, Problem> {
    let (code, from, preview) = chosen.read()?;
    let mut tx = app.store().tenant(&caller.scope()).await?;
    let before = accounts::find(&mut tx).await?;
    drop(tx);
    let (wish, context) = (Wish { from, preview, side: Side::Isp }, caller.context(&app));
    let changed = change_tier::change_tier(app.store(), &caller.scope(), &|_| true, &code, wish, context).await;
    let Changed { account, turned } = changed.map_err(refused)?;
    let now = app.now();
    let mut tx = app.store().tenant(&caller.scope()).await?;
    let had = rules::entitlements(&lifecycle::state(&before.life, now), rules::tier_in_force(&before, now));
    // Once it holds: a trial has everything, and what is paid for lasts.
    let active = TenantState::Active { paid_until: account.life.paid_until };
    let wanted = account.next_tier.as_ref().or(account.tier.as_ref());
    let has = rules::entitlements(&active, wanted);
    let becomes_read_only = counts(&mut tx, &active, wanted).await?;
    json(&ChangedTier {
        preview,
        account: view(&mut tx, &account, now).await?,
        proration: turned.map(ProrationView::of),
        becomes_read_only: becomes_read_only.into_iter().filter(|count| count.read_only > 0).collect(),
        loses: had.features.difference(&has.features).map(|feature| (*feature).into()).collect(),
    })
}

/// Why nothing was changed of an account, as it is answered.
pub(super) fn refused(why: AccountError) -> Problem {
    let said = why.to_string();
    match why {
        AccountError::ChangedMeanwhile => Problem::changed_meanwhile(),
        AccountError::NoTier => Problem::of_field("/tier", FaultCode::Missing, said),
        AccountError::UnknownTier(_) => Problem::of_field("/tier", FaultCode::Invalid, said),
        AccountError::SameTier(_) => Problem::new(Code::Conflict, said),
        AccountError::OtherCurrency(_) => Problem::of_field("/from", FaultCode::Invalid, said),
        AccountError::TooManyDays => Problem::of_field("/days", FaultCode::Invalid, said),
        AccountError::Store(why) => why.into(),
    }
}

/// Why an account is locked, in words.
pub(super) fn why_in_words(since: Timestamp, why: &LockedWhy, zone: &Zone) -> String {
    let since = since.in_zone(zone);
    match why {
        LockedWhy::TrialOver => format!("your trial ended on {since}"),
        LockedWhy::Unpaid => format!("what you had paid for, and the days of grace after it, ended on {since}"),
        LockedWhy::ByPlatform(why) => format!("the platform has locked your account on {since}: {why}"),
    }
}

/// What is answered to whoever wants to change something in an ISP that is locked: why, what it costs to go on, and
/// where.
pub(crate) async fn locked(app: &App, caller: &Caller) -> Result<Problem, Problem> {
    let now = app.now();
    let mut tx = app.store().tenant(&caller.scope()).await?;
    let (account, zone) = (accounts::find(&mut tx).await?, tenants::own(&mut tx).await?.zone);
    let TenantState::Locked { since, why } = lifecycle::state(&account.life, now) else {
        return Ok(Problem::new(Code::TenantLocked, "the account was locked a moment ago, and is not now: try again"));
    };
    let tier = account.next_tier.as_ref().or(account.tier.as_ref());
    let cheapest = tiers::list(&mut tx, true).await?;
    let cost = match (tier, cheapest.first()) {
        (Some(tier), _) => format!("{} costs {} a month", tier.name, tier.month),
        (None, Some(tier)) => format!("tiers cost from {} a month", tier.month),
        (None, None) => "ask the platform for its prices".to_owned(),
    };
    let next = match why {
        LockedWhy::ByPlatform(_) => "Ask the platform what it needs".to_owned(),
        LockedWhy::TrialOver | LockedWhy::Unpaid => {
            "GET /v1/billing shows the account, GET /v1/tiers the prices, and POST /v1/billing/tier chooses one"
                .to_owned()
        }
    };
    let why = why_in_words(since, &why, &zone);
    let said = format!(
        "{why}. To change things again, pay: {cost}. {next}. Looking and exporting go on, and your customers log in and \
         buy as before"
    );
    Ok(Problem::new(Code::TenantLocked, said))
}
