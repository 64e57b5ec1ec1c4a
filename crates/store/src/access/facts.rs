//! All that admission needs to know about a name, in one statement; two when the name is a phone number or
//! an address.

use domain::access::attempt::Device;
use domain::access::facts::{Facts, FoundBy, Holder, Known, KnownCandidate, Right};
use domain::access::slot::SlotFact;
use domain::access::usage::Recent;
use domain::id::{SubscriberId, VoucherId};
use domain::mac::Mac;
use domain::people::subscriber::Username;
use domain::phone::{CallingCode, Msisdn};
use domain::platform::house::HouseRules;
use domain::rate::Bytes;
use domain::sales::plan::Plan;
use domain::sales::voucher::VoucherCode;
use domain::secret::SecretBytes;
use domain::time::{Timestamp, Zone};
use ipnet::IpNet;
use uuid::Uuid;

use crate::access::{devices, hours};
use crate::columns::{Instant, at, ipv4, uncounter};
use crate::error::StoreError;
use crate::people::subscribers;
use crate::platform::tenants::HouseColumns;
use crate::sales::plans::PlanColumns;
use crate::sales::vouchers::Life;
use crate::tenant_tx::TenantTx;

/// What a User-Name means to this tenant: a voucher's exact code, a subscriber, the phone number that bought vouchers
/// (those that may still be used first), or else the address of a device that has used some (the last one first).
///
/// The name is taken octet by octet, as it came. One that can be none of these, because it is too long or not UTF-8,
/// has no meanings.
pub async fn load(tx: &mut TenantTx, user_name: &[u8], now: Timestamp) -> Result<Known, StoreError> {
    let code = VoucherCode::parse(user_name).ok();
    let username = Username::parse(user_name).ok();
    let exactly = Named { code: code.as_ref(), username: username.as_ref(), ..Named::default() };
    let mut rows = read(tx, exactly).await?;
    let Some(tenant) = rows.first() else { return Err(StoreError::Missing { what: "tenant" }) };
    let corrupt = || StoreError::corrupt("tenants", tx.tenant_uuid());
    let zone = Zone::named(&tenant.zone).map_err(|_| corrupt())?;
    let country = CallingCode::parse(&tenant.calling_code).map_err(|_| corrupt())?;
    let house = tenant.house().ok_or_else(corrupt)?;
    if let Ok(phone) = Msisdn::parse(user_name, &country) {
        rows.extend(read(tx, Named { phone: Some(&phone), ..Named::default() }).await?);
    }
    if rows.iter().all(|row| row.id.is_none())
        && let Some(address) = Mac::parse(user_name)
    {
        rows = read(tx, Named { address: Some(address), ..Named::default() }).await?;
    }
    let mut facts = Known { candidates: Vec::new(), differs_only_in_case: false, zone, house };
    for row in rows {
        if row.code.is_some() && row.found_by.as_deref() == Some("code") && row.code.as_deref() != text(&code) {
            facts.differs_only_in_case |= row.revoked_at.is_none();
            continue;
        }
        let known = |candidate: &KnownCandidate| Some(candidate.right.holder().uuid()) == row.id;
        if facts.candidates.len() < Facts::CANDIDATES_MAX && !facts.candidates.iter().any(known) {
            facts.candidates.extend(candidate(tx, row).await?);
        }
    }
    count_lately(tx, &mut facts, now).await?;
    Ok(facts)
}

/// What was used lately, of those whose plan counts it: nobody else costs another statement.
async fn count_lately(tx: &mut TenantTx, facts: &mut Known, now: Timestamp) -> Result<(), StoreError> {
    let counted = |candidate: &&KnownCandidate| candidate.plan.terms.counts_any();
    let holders: Vec<Holder> =
        facts.candidates.iter().filter(counted).map(|candidate| candidate.right.holder()).collect();
    let lately = hours::recent(tx, &holders, &facts.zone, now).await?;
    for candidate in &mut facts.candidates {
        if let Some(used) = lately.get(&candidate.right.holder()) {
            candidate.used = Bytes::new(used.total);
            candidate.recent = used.recent;
        }
    }
    Ok(())
}

fn text(code: &Option<VoucherCode>) -> Option<&str> {
    code.as_ref().map(VoucherCode::expose)
}

/// What a name may be.
#[derive(Default)]
struct Named<'a> {
    code: Option<&'a VoucherCode>,
    username: Option<&'a Username>,
    phone: Option<&'a Msisdn>,
    address: Option<Mac>,
}

async fn read(tx: &mut TenantTx, name: Named<'_>) -> Result<Vec<FactRow>, StoreError> {
    let tenant = tx.tenant_uuid();
    Ok(sqlx::query_file_as!(
        FactRow,
        "sql/facts.sql",
        tenant,
        // Folded here: a function that is not leak-proof would keep the index from being used under row security.
        name.code.map(|code| code.expose().to_ascii_lowercase()),
        name.username.map(Username::as_str),
        name.phone.map(Msisdn::expose),
        i64::try_from(Facts::CANDIDATES_MAX).unwrap_or(i64::MAX),
        name.address.map(|address| address.to_string()),
        devices::LATELY_MAX,
        devices::RETURNS_MAX,
    )
    .fetch_all(tx.connection())
    .await?)
}

/// One meaning of a name, or the tenant's row alone when there is none.
struct FactRow {
    zone: String,
    calling_code: String,
    mac_login: bool,
    suspended: String,
    suspended_pool: Option<String>,
    suspended_list: Option<String>,
    suspended_up_bps: Option<i64>,
    suspended_down_bps: Option<i64>,
    suspended_seconds: i32,
    kind: Option<String>,
    found_by: Option<String>,
    id: Option<Uuid>,
    code: Option<String>,
    sell_by: Option<Instant>,
    sold_at: Option<Instant>,
    first_used_at: Option<Instant>,
    expires_at: Option<Instant>,
    revoked_at: Option<Instant>,
    password_sealed: Option<Vec<u8>>,
    suspended_at: Option<Instant>,
    framed_ip: Option<IpNet>,
    plan_id: Option<Uuid>,
    plan_name: Option<String>,
    plan_service: Option<String>,
    revision: Option<i32>,
    rate_up_bps: Option<i64>,
    rate_down_bps: Option<i64>,
    burst_up_bps: Option<i64>,
    burst_down_bps: Option<i64>,
    threshold_up_bps: Option<i64>,
    threshold_down_bps: Option<i64>,
    burst_up_seconds: Option<i32>,
    burst_down_seconds: Option<i32>,
    priority: Option<i32>,
    minimum_up_bps: Option<i64>,
    minimum_down_bps: Option<i64>,
    device_cap: Option<i32>,
    duration_unit: Option<String>,
    duration_count: Option<i32>,
    anchor: Option<String>,
    data_cap_bytes: Option<i64>,
    pool: Option<String>,
    address_list: Option<String>,
    price_minor: Option<i64>,
    price_currency: Option<String>,
    speed_windows: Option<Vec<String>>,
    fair_use: Option<Vec<String>>,
    data_window: Option<String>,
    when_full: Option<String>,
    in_octets: Option<i64>,
    out_octets: Option<i64>,
    slot_numbers: Option<Vec<i32>>,
    slot_devices: Option<Vec<String>>,
    slot_leases: Option<Vec<Instant>>,
    blocked: Option<Vec<String>>,
}

impl FactRow {
    fn house(&self) -> Option<HouseRules> {
        let columns = HouseColumns {
            mac_login: self.mac_login,
            suspended: &self.suspended,
            pool: self.suspended_pool.as_deref(),
            list: self.suspended_list.as_deref(),
            up_bps: self.suspended_up_bps,
            down_bps: self.suspended_down_bps,
            seconds: self.suspended_seconds,
        };
        columns.rules()
    }
}

async fn candidate(tx: &mut TenantTx, mut row: FactRow) -> Result<Option<KnownCandidate>, StoreError> {
    let (Some(kind), Some(id)) = (row.kind.take(), row.id) else { return Ok(None) };
    let (right, found_by) = match kind.as_str() {
        "voucher" => voucher(&mut row, id).ok_or_else(|| StoreError::corrupt("vouchers", id))?,
        _ => (subscriber(tx, &mut row, id).await?, FoundBy::Username),
    };
    let slots = slots(&mut row).ok_or_else(|| StoreError::corrupt("slots", id))?;
    let blocked = row.blocked.take().unwrap_or_default();
    let blocked = blocked.iter().map(|device| Device::from_key(device)).collect();
    let octets = |column: Option<i64>| Bytes::new(uncounter(column.unwrap_or(0)));
    let used = octets(row.in_octets).plus(octets(row.out_octets));
    let plan = plan_columns(row).ok_or_else(|| StoreError::corrupt("plans", id))?;
    let plan = Plan::try_from(plan)?;
    Ok(Some(KnownCandidate { right, found_by, plan, used, recent: Recent::default(), slots, blocked }))
}

fn voucher(row: &mut FactRow, id: Uuid) -> Option<(Right, FoundBy)> {
    let life = Life {
        sell_by: at(row.sell_by),
        sold_at: at(row.sold_at),
        first_used_at: at(row.first_used_at),
        expires_at: at(row.expires_at),
        revoked_at: at(row.revoked_at),
    };
    let found_by = match row.found_by.as_deref()? {
        "code" => FoundBy::Code,
        "device" => FoundBy::Device,
        _ => FoundBy::Phone,
    };
    let code = SecretBytes::new(row.code.take()?.into_bytes());
    Some((Right::Voucher { id: VoucherId::from_uuid(id), state: life.state()?, code }, found_by))
}

async fn subscriber(tx: &mut TenantTx, row: &mut FactRow, id: Uuid) -> Result<Right, StoreError> {
    let sealed = row.password_sealed.take().ok_or_else(|| StoreError::corrupt("subscribers", id))?;
    Ok(Right::Subscriber {
        id: SubscriberId::from_uuid(id),
        standing: subscribers::standing(at(row.suspended_at)),
        until: at(row.expires_at),
        password: tx.unseal(&subscribers::password_place(id), &sealed).await?,
        framed_ip: ipv4(row.framed_ip),
    })
}

fn slots(row: &mut FactRow) -> Option<Vec<SlotFact>> {
    let numbers = row.slot_numbers.take().unwrap_or_default();
    let devices = row.slot_devices.take().unwrap_or_default();
    let leases = row.slot_leases.take().unwrap_or_default();
    numbers
        .into_iter()
        .zip(devices)
        .zip(leases)
        .map(|((number, device), lease)| {
            let number = u16::try_from(number).ok()?;
            Some(SlotFact { number, device: Device::from_key(&device), lease_until: lease.0 })
        })
        .collect()
}

fn plan_columns(row: FactRow) -> Option<PlanColumns> {
    Some(PlanColumns {
        plan_id: row.plan_id?,
        revision: row.revision?,
        name: row.plan_name?,
        service: row.plan_service?,
        rate_up_bps: row.rate_up_bps,
        rate_down_bps: row.rate_down_bps,
        burst_up_bps: row.burst_up_bps,
        burst_down_bps: row.burst_down_bps,
        threshold_up_bps: row.threshold_up_bps,
        threshold_down_bps: row.threshold_down_bps,
        burst_up_seconds: row.burst_up_seconds,
        burst_down_seconds: row.burst_down_seconds,
        priority: row.priority,
        minimum_up_bps: row.minimum_up_bps,
        minimum_down_bps: row.minimum_down_bps,
        device_cap: row.device_cap?,
        duration_unit: row.duration_unit?,
        duration_count: row.duration_count?,
        anchor: row.anchor?,
        data_cap_bytes: row.data_cap_bytes,
        pool: row.pool,
        address_list: row.address_list,
        price_minor: row.price_minor?,
        price_currency: row.price_currency?,
        speed_windows: row.speed_windows?,
        fair_use: row.fair_use?,
        data_window: row.data_window,
        when_full: row.when_full?,
    })
}
