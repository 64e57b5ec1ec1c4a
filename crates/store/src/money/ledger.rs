//! The ledger: entries are added and never changed, and each sums to zero. The database sees to both when the transaction
//! ends.

pub mod listing;

use domain::id::{ArrivalId, PaymentId};
use domain::money::posting::{Account, Entry};
use domain::money::wallet::WalletOf;
use domain::money::{Currency, Money};
use uuid::Uuid;

use crate::columns::{Instant, uncounter};
use crate::error::StoreError;
use crate::tenant_tx::TenantTx;

/// Entries of one payment that are shown.
const OF_PAYMENT_MAX: i64 = 100;

/// Writes an entry.
pub async fn post(tx: &mut TenantTx, entry: &Entry) -> Result<(), StoreError> {
    let tenant = tx.tenant_uuid();
    sqlx::query!(
        "insert into ledger_entries (tenant_id, id, kind, arrival_id, payment_id, refund_id, at)
         values ($1, $2, $3, $4, $5, $6, $7)",
        tenant,
        entry.id.uuid(),
        entry.kind.code(),
        entry.arrival.map(|id| id.uuid()),
        entry.payment.map(|id| id.uuid()),
        entry.refund.map(|id| id.uuid()),
        Instant(entry.at) as _,
    )
    .execute(tx.connection())
    .await?;
    let columns: Vec<Columns<'_>> = entry.postings.all().iter().map(|one| columns_of(&one.account)).collect();
    let all = entry.postings.all();
    sqlx::query!(
        "insert into ledger_postings (
             tenant_id, entry_id, place, account, gateway_id, phone, subscriber_id, amount_minor, currency
         )
         select $1, $2, new.place, new.account, new.gateway_id, new.phone, new.subscriber_id, new.amount, new.currency
         from unnest($3::text[], $4::uuid[], $5::text[], $6::uuid[], $7::bigint[], $8::text[]) with ordinality
             as new (account, gateway_id, phone, subscriber_id, amount, currency, place)",
        tenant,
        entry.id.uuid(),
        &all.iter().map(|one| one.account.code()).collect::<Vec<_>>() as _,
        &columns.iter().map(|one| one.gateway).collect::<Vec<_>>() as _,
        &columns.iter().map(|one| one.phone).collect::<Vec<_>>() as _,
        &columns.iter().map(|one| one.subscriber).collect::<Vec<_>>() as _,
        &all.iter().map(|one| one.amount.minor()).collect::<Vec<_>>(),
        &all.iter().map(|one| one.amount.currency().code().to_owned()).collect::<Vec<_>>() as _,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

#[derive(Default)]
struct Columns<'a> {
    gateway: Option<Uuid>,
    phone: Option<&'a str>,
    subscriber: Option<Uuid>,
}

fn columns_of(account: &Account) -> Columns<'_> {
    match account {
        Account::Gateway(id) => Columns { gateway: Some(id.uuid()), ..Columns::default() },
        Account::Wallet(WalletOf::Phone(phone)) => Columns { phone: Some(phone.expose()), ..Columns::default() },
        Account::Wallet(WalletOf::Subscriber(id)) => Columns { subscriber: Some(id.uuid()), ..Columns::default() },
        Account::Cash | Account::Sales | Account::Suspense | Account::Refunds => Columns::default(),
    }
}

/// What is in a wallet. Nobody else takes out of it or puts into it until the transaction ends.
pub async fn in_wallet(tx: &mut TenantTx, of: &WalletOf, currency: Currency) -> Result<Money, StoreError> {
    let tenant = tx.tenant_uuid();
    let (owner, code) = (of.key(), currency.code().to_owned());
    // So that there is a row to be locked.
    sqlx::query!(
        "insert into wallets (tenant_id, owner, currency, balance_minor) values ($1, $2, $3, 0) on conflict do nothing",
        tenant,
        owner,
        code,
    )
    .execute(tx.connection())
    .await?;
    let balance = sqlx::query_scalar!(
        "select balance_minor from wallets where tenant_id = $1 and owner = $2 and currency = $3 for update",
        tenant,
        owner,
        code,
    )
    .fetch_one(tx.connection())
    .await?;
    Ok(Money::from_minor(balance, currency))
}

/// What an account was given by all entries together, in one currency.
pub async fn balance(tx: &mut TenantTx, account: &Account, currency: Currency) -> Result<Money, StoreError> {
    let tenant = tx.tenant_uuid();
    let columns = columns_of(account);
    let sum = sqlx::query_scalar!(
        r#"select coalesce(sum(amount_minor), 0)::bigint as "sum!"
           from ledger_postings
           where tenant_id = $1 and account = $2 and currency = $3
             and gateway_id is not distinct from $4
             and phone is not distinct from $5
             and subscriber_id is not distinct from $6"#,
        tenant,
        account.code(),
        currency.code(),
        columns.gateway,
        columns.phone,
        columns.subscriber,
    )
    .fetch_one(tx.connection())
    .await?;
    Ok(Money::from_minor(sum, currency))
}

/// Whether the ledger is whole.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Whole {
    /// Entries there are.
    pub entries: u64,
    /// Entries that do not sum to zero.
    pub unbalanced: u64,
    /// Wallets that do not have what the ledger says.
    pub wallets_astray: u64,
    /// Verified money that is not in the ledger, or is there with another amount.
    pub arrivals_astray: u64,
}

impl Whole {
    /// Whether nothing is wrong.
    pub const fn is_whole(&self) -> bool {
        self.unbalanced == 0 && self.wallets_astray == 0 && self.arrivals_astray == 0
    }
}

/// Goes over the ISP's whole ledger.
pub async fn audit(tx: &mut TenantTx) -> Result<Whole, StoreError> {
    let tenant = tx.tenant_uuid();
    let row = sqlx::query!(
        r#"select
               (select count(*) from ledger_entries where tenant_id = $1) as "entries!",
               (select count(*)
                from ledger_entries e
                where e.tenant_id = $1
                  and (exists (
                          select from ledger_postings p
                          where p.tenant_id = $1 and p.entry_id = e.id
                          group by p.currency
                          having sum(p.amount_minor) <> 0
                      )
                      or (select count(*) from ledger_postings p where p.tenant_id = $1 and p.entry_id = e.id) < 2)
               ) as "unbalanced!",
               (select count(*)
                from (
                    select coalesce(phone, subscriber_id::text) as owner, currency, -sum(amount_minor) as balance
                    from ledger_postings
                    where tenant_id = $1 and account in ('wallet_phone', 'wallet_subscriber')
                    group by 1, 2
                ) posted
                full join (select owner, currency, balance_minor from wallets where tenant_id = $1) kept
                    using (owner, currency)
                where coalesce(posted.balance, 0) <> coalesce(kept.balance_minor, 0)
               ) as "wallets_astray!",
               (select count(*)
                from arrivals a
                left join ledger_entries e
                    on e.tenant_id = $1 and e.arrival_id = a.id and e.kind = 'arrival'
                where a.tenant_id = $1 and a.state <> 'folded'
                  and (a.is_verified <> (e.id is not null)
                       or (e.id is not null and a.amount_minor <> (
                              select coalesce(sum(p.amount_minor), 0)
                              from ledger_postings p
                              where p.tenant_id = $1 and p.entry_id = e.id and p.account in ('gateway', 'cash')
                          )))
               ) as "arrivals_astray!""#,
        tenant,
    )
    .fetch_one(tx.connection())
    .await?;
    Ok(Whole {
        entries: uncounter(row.entries),
        unbalanced: uncounter(row.unbalanced),
        wallets_astray: uncounter(row.wallets_astray),
        arrivals_astray: uncounter(row.arrivals_astray),
    })
}

/// The entries of a payment, oldest first.
pub async fn of_payment(tx: &mut TenantTx, payment: PaymentId) -> Result<Vec<Entry>, StoreError> {
    let tenant = tx.tenant_uuid();
    let ids = sqlx::query_scalar!(
        "select id from ledger_entries where tenant_id = $1 and payment_id = $2 order by at, id limit $3",
        tenant,
        payment.uuid(),
        OF_PAYMENT_MAX,
    )
    .fetch_all(tx.connection())
    .await?;
    listing::load(tx, &ids).await
}

/// The entry that tells of money's coming, and all that followed for it, oldest first.
pub async fn of_arrival(tx: &mut TenantTx, arrival: ArrivalId) -> Result<Vec<Entry>, StoreError> {
    let tenant = tx.tenant_uuid();
    let ids = sqlx::query_scalar!(
        "select id from ledger_entries
         where tenant_id = $1 and arrival_id = $2 and arrival_id is not null
         order by at, id
         limit $3",
        tenant,
        arrival.uuid(),
        OF_PAYMENT_MAX,
    )
    .fetch_all(tx.connection())
    .await?;
    listing::load(tx, &ids).await
}
