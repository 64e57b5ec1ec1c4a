//! The ledger read: entries and wallets, the newest first.

use domain::id::{ArrivalId, EntryId, GatewayId, PaymentId, RefundId};
use domain::money::posting::{Account, Entry, EntryKind, Posting, Postings};
use domain::money::wallet::WalletOf;
use domain::money::{Currency, Money};
use domain::time::Timestamp;
use uuid::Uuid;

use crate::columns::Instant;
use crate::error::StoreError;
use crate::listing::{Ask, Condition, Direction, Key, Value, Walk};
use crate::money::{first_id_at, money, wallet_of};
use crate::page::{Listed, Page};
use crate::tenant_tx::TenantTx;

/// Which entries to list: those of which all that is said is true.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Filter {
    /// Those about this.
    pub kind: Option<EntryKind>,
    /// Those that move something on an account of this kind, by its code.
    pub account: Option<String>,
    /// Those that move something with this gateway.
    pub gateway: Option<GatewayId>,
    /// Those about one payment.
    pub payment: Option<PaymentId>,
    /// Those that were written at that moment or later.
    pub since: Option<Timestamp>,
    /// Those that were written before that moment.
    pub until: Option<Timestamp>,
}

#[derive(sqlx::FromRow)]
struct IdRow {
    id: Uuid,
}

/// The tenant's entries. A page may be short although another one follows.
pub async fn search(
    tx: &mut TenantTx,
    filter: &Filter,
    direction: Direction,
    page: Page<Key>,
) -> Result<Listed<Entry, Key>, StoreError> {
    let listed = ask(filter, direction).page::<IdRow>(tx, &page).await?;
    let ids: Vec<Uuid> = listed.rows.iter().map(|(_, row)| row.id).collect();
    Ok(Listed { rows: load(tx, &ids).await?, next: listed.next })
}

fn ask(filter: &Filter, direction: Direction) -> Ask {
    let (mut driver, mut rest) = (Vec::new(), Vec::new());
    if let Some(since) = filter.since {
        driver.push(Condition::of("id >= ?", Value::Uuid(first_id_at(since))));
    }
    if let Some(until) = filter.until {
        driver.push(Condition::of("id < ?", Value::Uuid(first_id_at(until))));
    }
    if let Some(payment) = filter.payment {
        driver.push(Condition::of("payment_id = ?", Value::Uuid(payment.uuid())));
    }
    if let Some(kind) = filter.kind {
        rest.push(Condition::of("kind = ?", Value::Text(kind.code().to_owned())));
    }
    if let Some(account) = &filter.account {
        let moves = "exists (select from ledger_postings p where p.tenant_id = looked_at.tenant_id \
                     and p.entry_id = looked_at.id and p.account = ?)";
        rest.push(Condition::of(moves, Value::Text(account.clone())));
    }
    if let Some(gateway) = filter.gateway {
        let moves = "exists (select from ledger_postings p where p.tenant_id = looked_at.tenant_id \
                     and p.entry_id = looked_at.id and p.gateway_id = ?)";
        rest.push(Condition::of(moves, Value::Uuid(gateway.uuid())));
    }
    Ask { table: "ledger_entries", columns: "id", walks: vec![Walk { conditions: driver, by: None }], rest, direction }
}

/// The entries that move something in a wallet, the newest first.
pub async fn statement(
    tx: &mut TenantTx,
    of: &WalletOf,
    page: Page<EntryId>,
) -> Result<Listed<Entry, EntryId>, StoreError> {
    let tenant = tx.tenant_uuid();
    let before = page.key().map_or(Uuid::max(), |id| id.uuid());
    let ids: Vec<Uuid> = match of {
        WalletOf::Phone(phone) => {
            sqlx::query_scalar!(
                "select distinct entry_id from ledger_postings
                 where tenant_id = $1 and phone = $2 and phone is not null and entry_id < $3
                 order by entry_id desc
                 limit $4",
                tenant,
                phone.expose(),
                before,
                page.limit(),
            )
            .fetch_all(tx.connection())
            .await?
        }
        WalletOf::Subscriber(id) => {
            sqlx::query_scalar!(
                "select distinct entry_id from ledger_postings
                 where tenant_id = $1 and subscriber_id = $2 and subscriber_id is not null and entry_id < $3
                 order by entry_id desc
                 limit $4",
                tenant,
                id.uuid(),
                before,
                page.limit(),
            )
            .fetch_all(tx.connection())
            .await?
        }
    };
    let listed = page.cut(ids, |id: &Uuid| EntryId::from_uuid(*id));
    Ok(Listed { rows: load(tx, &listed.rows).await?, next: listed.next })
}

/// What somebody has paid and not yet used.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Wallet {
    /// Whose.
    pub of: WalletOf,
    /// How much.
    pub balance: Money,
}

/// The wallets with something in them, in the order of their owners; or those of one owner, whatever is in them.
pub async fn wallets(
    tx: &mut TenantTx,
    of: Option<&WalletOf>,
    page: Page<String>,
) -> Result<Listed<Wallet, String>, StoreError> {
    let tenant = tx.tenant_uuid();
    let after = page.key().cloned().unwrap_or_default();
    let rows = sqlx::query!(
        r#"select owner, currency, balance_minor
           from wallets
           where tenant_id = $1
             and (owner || ' ' || currency) collate "C" > $2
             and ($3::text is null or owner = $3)
             and ($3::text is not null or balance_minor <> 0)
           order by (owner || ' ' || currency) collate "C"
           limit $4"#,
        tenant,
        after,
        of.map(WalletOf::key),
        page.limit(),
    )
    .fetch_all(tx.connection())
    .await?;
    let listed = page.cut(rows, |row| format!("{} {}", row.owner, row.currency));
    let wallet = |owner: String, currency: &str, minor: i64| {
        let corrupt = || StoreError::corrupt("wallets", tenant);
        let subscriber = Uuid::parse_str(&owner).ok();
        let phone = subscriber.is_none().then_some(owner);
        let of = wallet_of("wallets", tenant, phone, subscriber)?.ok_or_else(corrupt)?;
        let currency = Currency::from_code(currency).map_err(|_| corrupt())?;
        Ok::<_, StoreError>(Wallet { of, balance: Money::from_minor(minor, currency) })
    };
    let rows = listed.rows.into_iter().map(|row| wallet(row.owner, &row.currency, row.balance_minor));
    Ok(Listed { rows: rows.collect::<Result<_, _>>()?, next: listed.next })
}

/// These entries, in the order of the ids.
pub(super) async fn load(tx: &mut TenantTx, ids: &[Uuid]) -> Result<Vec<Entry>, StoreError> {
    let tenant = tx.tenant_uuid();
    let rows = sqlx::query!(
        r#"select e.id, e.kind, e.arrival_id, e.payment_id, e.refund_id, e.at as "at: Instant", p.account,
                  p.gateway_id, p.phone, p.subscriber_id, p.amount_minor, p.currency
           from unnest($2::uuid[]) with ordinality as wanted (id, place)
           join ledger_entries e on e.tenant_id = $1 and e.id = wanted.id
           join ledger_postings p on p.tenant_id = $1 and p.entry_id = e.id
           order by wanted.place, p.place"#,
        tenant,
        ids,
    )
    .fetch_all(tx.connection())
    .await?;
    let mut entries: Vec<(Entry, Vec<Posting>)> = Vec::new();
    for row in rows {
        let corrupt = || StoreError::corrupt("ledger_entries", row.id);
        let of = wallet_of("ledger_postings", row.id, row.phone, row.subscriber_id)?;
        let account = match (row.account.as_str(), row.gateway_id, of) {
            ("gateway", Some(id), _) => Account::Gateway(GatewayId::from_uuid(id)),
            ("cash", ..) => Account::Cash,
            ("sales", ..) => Account::Sales,
            ("suspense", ..) => Account::Suspense,
            ("refunds", ..) => Account::Refunds,
            (_, _, Some(of)) => Account::Wallet(of),
            _ => return Err(corrupt()),
        };
        let posting = Posting::of(account, money("ledger_postings", row.id, row.amount_minor, &row.currency)?);
        match entries.last_mut() {
            Some((entry, postings)) if entry.id.uuid() == row.id => postings.push(posting),
            Some(_) | None => {
                let empty = Postings::between(Account::Cash, Account::Sales, Money::from_minor(1, Currency::KES));
                let entry = Entry {
                    id: EntryId::from_uuid(row.id),
                    at: row.at.0,
                    kind: EntryKind::from_code(&row.kind).ok_or_else(corrupt)?,
                    arrival: row.arrival_id.map(ArrivalId::from_uuid),
                    payment: row.payment_id.map(PaymentId::from_uuid),
                    refund: row.refund_id.map(RefundId::from_uuid),
                    postings: empty.map_err(|_| corrupt())?,
                };
                entries.push((entry, vec![posting]));
            }
        }
    }
    entries
        .into_iter()
        .map(|(entry, postings)| {
            let postings =
                Postings::new(postings).map_err(|_| StoreError::corrupt("ledger_entries", entry.id.uuid()))?;
            Ok(Entry { postings, ..entry })
        })
        .collect()
}
