//! `mnetifi arrival …`: money that has come, or is said to have come.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use actions::money::accept_arrival::accept_arrival;
use actions::money::ask_reversal::ask_reversal;
use actions::money::claim_receipt::{Claimed, claim_receipt};
use actions::money::dispute_arrival::dispute_arrival;
use actions::money::import_statement::{Became, Line, import_statement};
use actions::money::match_arrival::{MatchTo, match_arrival};
use actions::money::record_cash::{Cash, CashFor, record_cash};
use actions::money::suggest::suggest;
use anyhow::{Context as _, anyhow, bail};
use domain::id::{ArrivalId, GatewayId, SubscriberId};
use domain::money::Money;
use domain::money::arrival::Arrival;
use domain::money::claim::{Receipt, Transfer};
use domain::money::gateway::IspGateway;
use domain::money::inquiry::ForWhom;
use domain::money::wallet::WalletOf;
use domain::people::subscriber::Username;
use domain::phone::Msisdn;
use domain::platform::tenant::Tenant;
use imports::mpesa_statement;
use policy::money::suggesting::Suggested;
use serde::Serialize;
use store::TenantScope;
use store::listing::Direction;
use store::money::arrivals::listing::{self, Filter};
use store::money::{arrivals, gateways};
use store::people::subscribers;

use crate::cli;
use crate::open::Opened;
use crate::print;

/// Octets of a statement that are read.
const STATEMENT_OCTETS_MAX: u64 = 64 * 1024 * 1024;

#[derive(Serialize)]
struct Row {
    arrived_at: String,
    receipt: Option<String>,
    amount: String,
    state: &'static str,
    is_verified: bool,
    source: &'static str,
    account: String,
    payer: Option<String>,
    id: String,
}

impl Row {
    fn of(arrival: &Arrival) -> Self {
        Self {
            arrived_at: arrival.arrived_at.to_string(),
            receipt: arrival.receipt.as_ref().map(Receipt::to_string),
            amount: arrival.amount.to_string(),
            state: arrival.state.code(),
            is_verified: arrival.is_verified,
            source: arrival.source.code(),
            account: arrival.account.clone(),
            payer: arrival.payer.phone.clone(),
            id: arrival.id.to_string(),
        }
    }
}

/// What the command works with.
struct Desk<'a> {
    opened: &'a Opened,
    tenant: Tenant,
    scope: TenantScope,
}

/// Runs the command.
pub async fn run(opened: &Opened, command: cli::Arrival) -> anyhow::Result<()> {
    let tenant = opened.tenant().await?;
    let scope = opened.scope(&tenant);
    let desk = Desk { opened, tenant, scope };
    let (store, scope, zone, context) = (&opened.store, &desk.scope, &desk.tenant.zone, opened.context());
    match command {
        cli::Arrival::List(asked) => desk.list(&asked).await,
        cli::Arrival::Show(one) => desk.show(one.id).await,
        cli::Arrival::Match(asked) => {
            let to = match &asked.plan {
                Some(plan) => {
                    let phone = asked.whose.phone.as_deref().context("say whose telephone, with --phone")?;
                    MatchTo::Plan { plan: opened.plan(scope, plan).await?.id, buyer: desk.phone(phone)? }
                }
                None => MatchTo::Whom(desk.whom(&asked.whose).await?),
            };
            match_arrival(store, scope, zone, (asked.id, &to), context).await?;
            desk.tell(asked.id, "it is theirs").await
        }
        cli::Arrival::Accept(one) => {
            let places = (zone, &desk.tenant.calling_code);
            accept_arrival(store, scope, places, one.id, context).await?;
            desk.tell(one.id, "it counts from now on").await
        }
        cli::Arrival::Dispute(asked) => {
            if !dispute_arrival(store, scope, zone, (asked.id, &asked.note), context).await? {
                bail!("there is no such money, or it is somebody's already, or it went back");
            }
            desk.tell(asked.id, "it is disputed").await
        }
        cli::Arrival::GiveBack(asked) => {
            ask_reversal(store, scope, zone, (asked.id, &asked.why), context).await?;
            desk.tell(asked.id, "the gateway is to give it back").await
        }
        cli::Arrival::Claim(asked) => {
            let gateway = desk.gateway(asked.gateway).await?.id;
            let whom = desk.whom(&asked.whose).await?;
            let claimed = claim_receipt(store, scope, zone, (gateway, &asked.receipt, whom), context).await?;
            let (came_of_it, sentence) = match claimed {
                Claimed::Given => ("given", "the money was here, and is theirs now"),
                Claimed::Asked => ("asked", "the gateway is being asked; what it confirms is given by itself"),
            };
            print::result(opened.style, &serde_json::json!({ "came_of_it": came_of_it }), sentence)
        }
        cli::Arrival::Cash(asked) => desk.cash(asked).await,
        cli::Arrival::Import(asked) => desk.import(&asked).await,
    }
}

impl Desk<'_> {
    fn phone(&self, text: &str) -> anyhow::Result<Msisdn> {
        Ok(Msisdn::parse(text.as_bytes(), &self.tenant.calling_code)?)
    }

    async fn subscriber(&self, name: &Username) -> anyhow::Result<SubscriberId> {
        let mut tx = self.opened.store.tenant(&self.scope).await?;
        let found = subscribers::find_by_username(&mut tx, name).await?;
        Ok(found.ok_or_else(|| anyhow!("there is no subscriber `{name}`"))?.id)
    }

    async fn whom(&self, whose: &cli::Whose) -> anyhow::Result<ForWhom> {
        match (whose.payment, &whose.subscriber, &whose.phone) {
            (Some(id), _, _) => Ok(ForWhom::Payment(id)),
            (None, Some(name), _) => Ok(ForWhom::Wallet(WalletOf::Subscriber(self.subscriber(name).await?))),
            (None, None, Some(phone)) => Ok(ForWhom::Wallet(WalletOf::Phone(self.phone(phone)?))),
            (None, None, None) => bail!("say whose it is: --payment, --subscriber or --phone"),
        }
    }

    /// The gateway that is meant, or the only one there is.
    async fn gateway(&self, id: Option<GatewayId>) -> anyhow::Result<IspGateway> {
        let mut tx = self.opened.store.tenant(&self.scope).await?;
        let mut all = gateways::list(&mut tx).await?;
        match id {
            Some(id) => all.into_iter().find(|one| one.id == id).ok_or_else(|| anyhow!("there is no gateway {id}")),
            None if all.len() == 1 => Ok(all.swap_remove(0)),
            None => bail!("say which gateway with --gateway ID: `mnetifi gateway list` shows those there are"),
        }
    }

    async fn tell(&self, id: ArrivalId, sentence: &str) -> anyhow::Result<()> {
        let mut tx = self.opened.store.tenant(&self.scope).await?;
        let arrival = arrivals::find(&mut tx, id).await?.context("it is not there any more")?;
        print::result(self.opened.style, &Row::of(&arrival), &format!("{}: {sentence}", arrival.name()))
    }

    async fn list(&self, asked: &cli::ArrivalList) -> anyhow::Result<()> {
        let mut tx = self.opened.store.tenant(&self.scope).await?;
        let is_verified = asked.unverified.then_some(false);
        let mut filter = Filter { state: asked.state.clone(), is_verified, ..Filter::default() };
        if let Some(search) = &asked.search {
            filter.ids = Some(listing::named(&mut tx, &search.parse::<Receipt>()?).await?);
        }
        let page = listing::search(&mut tx, &filter, Direction::Down, self.opened.page(&asked.paging)?).await?;
        let rows: Vec<Row> = page.rows.iter().map(Row::of).collect();
        let cells = |row: &Row| {
            vec![
                print::zoned(&row.arrived_at, &self.tenant.zone),
                row.receipt.clone().unwrap_or_default(),
                row.amount.clone(),
                row.state.to_owned(),
                if row.is_verified { "yes" } else { "no" }.to_owned(),
                row.account.clone(),
                row.payer.clone().unwrap_or_default(),
                row.id.clone(),
            ]
        };
        let header = ["HEARD", "RECEIPT", "AMOUNT", "STATE", "VERIFIED", "ACCOUNT", "PAYER", "ID"];
        print::rows(self.opened.style, &rows, &header, cells, "no money is like that")?;
        self.opened.say_next(&page);
        Ok(())
    }

    async fn show(&self, id: ArrivalId) -> anyhow::Result<()> {
        let mut tx = self.opened.store.tenant(&self.scope).await?;
        let arrival =
            arrivals::find(&mut tx, id).await?.ok_or_else(|| anyhow!("there is no money with the id {id}"))?;
        let suggestions: Vec<String> = suggest(&mut tx, &self.tenant.calling_code, &arrival)
            .await?
            .into_iter()
            .map(|one| {
                let whom = match one.whom {
                    Suggested::Payment(id) => format!("--payment {id}"),
                    Suggested::Subscriber(id) => format!("the subscriber {id}"),
                    Suggested::Phone(phone) => format!("--phone {}", phone.expose()),
                };
                format!("{whom}: {}", one.why)
            })
            .collect();
        let row = Row::of(&arrival);
        let mut sentence = format!("{}: {}", arrival.name(), row.state);
        for one in &suggestions {
            sentence.push_str("\nperhaps ");
            sentence.push_str(one);
        }
        print::result(self.opened.style, &serde_json::json!({ "arrival": row, "suggestions": suggestions }), &sentence)
    }

    async fn cash(&self, asked: cli::ArrivalCash) -> anyhow::Result<()> {
        if asked.amount.currency() != self.tenant.currency {
            bail!("prices are in {} here", self.tenant.currency.code());
        }
        let buys = match (&asked.plan, &asked.phone, &asked.subscriber) {
            (Some(plan), Some(phone), _) => {
                CashFor::Voucher(self.opened.plan(&self.scope, plan).await?.id, self.phone(phone)?)
            }
            (None, _, Some(name)) => CashFor::Renewal(self.subscriber(name).await?),
            (_, _, _) => bail!("say what was paid: --plan with --phone, or --subscriber"),
        };
        let cash = Cash { buys, amount: asked.amount, note: &asked.note };
        let (store, context) = (&self.opened.store, self.opened.context());
        let payment = record_cash(store, &self.scope, &self.tenant.zone, cash, context).await?;
        let result = serde_json::json!({ "payment": payment.id.to_string(), "state": payment.state.code() });
        let sentence = format!("{} taken: payment {} is {}", asked.amount, payment.id, payment.state.code());
        print::result(self.opened.style, &result, &sentence)
    }

    async fn import(&self, asked: &cli::ArrivalImport) -> anyhow::Result<()> {
        let gateway = self.gateway(asked.gateway).await?;
        let statement = mpesa_statement::read(&octets_of(&asked.file)?, &self.tenant.zone)?;
        let came = statement.came.iter().map(|one| {
            Line::Came(Transfer {
                shortcode: gateway.shortcode.clone(),
                receipt: one.receipt.clone(),
                amount: Money::from_minor(one.minor, self.tenant.currency),
                at: one.at,
                account: one.account.clone(),
                payer: one.payer.clone(),
            })
        });
        let lines: Vec<Line> =
            came.chain(statement.went_back.iter().map(|(_, receipt)| Line::WentBack(receipt.clone()))).collect();
        let places = (&self.tenant.zone, &self.tenant.calling_code);
        let meant = (gateway.id, &lines[..], asked.dry_run);
        let context = self.opened.context();
        let dealt = import_statement(&self.opened.store, &self.scope, places, meant, context).await?;
        for fault in &statement.faults {
            print::aside(&format!("row {}: {}", fault.row, fault.problem));
        }
        for (one, dealt) in statement.came.iter().zip(&dealt).filter(|(_, dealt)| dealt.became == Became::Differs) {
            print::aside(&format!("row {}: {} {}", one.row, one.receipt, dealt.became.code()));
        }
        let count = |became: Became| dealt.iter().filter(|one| one.became == became).count();
        let result = serde_json::json!({
            "dry_run": asked.dry_run, "came": statement.came.len(), "known": count(Became::Known),
            "proven": count(Became::Proven), "new": count(Became::New), "differs": count(Became::Differs),
            "went_back": count(Became::WentBack), "faulty": statement.faults.len(),
        });
        let sentence = format!(
            "{} payments read: {} known, {} proven{}, {} new, {} with another amount; {} rows cannot be read",
            statement.came.len(),
            count(Became::Known),
            count(Became::Proven),
            if asked.dry_run { " (nothing was written)" } else { "" },
            count(Became::New),
            count(Became::Differs),
            statement.faults.len(),
        );
        print::result(self.opened.style, &result, &sentence)
    }
}

fn octets_of(path: &Path) -> anyhow::Result<Vec<u8>> {
    let mut octets = Vec::new();
    if path == Path::new("-") {
        std::io::stdin().lock().take(STATEMENT_OCTETS_MAX).read_to_end(&mut octets)?;
    } else {
        let file = File::open(path).with_context(|| format!("{} cannot be read", path.display()))?;
        file.take(STATEMENT_OCTETS_MAX).read_to_end(&mut octets)?;
    }
    Ok(octets)
}
