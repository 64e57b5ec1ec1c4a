-- Why: staff and buyers see which devices a voucher or subscriber was used with, name them, block them and let go of
-- them; and a device that comes back is known by its address.
--
-- A row is written when a session begins. `released_at`: sessions that began before it are to end, and until the device
-- is used again with a code or password its address alone opens nothing.
create table devices (
    tenant_id uuid not null references tenants (id),
    holder_id uuid not null,
    holder_kind text not null check (holder_kind in ('voucher', 'subscriber')),
    device text collate "C" not null check (octet_length(device) between 1 and 128),
    first_seen_at timestamptz not null,
    last_seen_at timestamptz not null,
    name text check (char_length(name) between 1 and 60),
    blocked_at timestamptz,
    released_at timestamptz,
    primary key (tenant_id, holder_id, device)
);
create index devices_by_device on devices (tenant_id, device, last_seen_at);
create index devices_marked on devices (tenant_id, holder_id)
    where blocked_at is not null or released_at is not null;

alter table devices enable row level security;
alter table devices force row level security;
create policy own_rows on devices to mnetifi_tenant
    using (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid)
    with check (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid);
grant select, insert, update, delete on devices to mnetifi_tenant;

-- Whether a hotspot's own question about a device is answered by what the device used last.
alter table tenants
    add mac_login boolean not null default true,
    -- What becomes of PPPoE users who are suspended or have not paid: refused, or let in to a page that tells them how.
    add suspended text not null default 'reject' check (suspended in ('reject', 'restrict')),
    add suspended_pool text check (octet_length(suspended_pool) between 1 and 64),
    add suspended_list text check (octet_length(suspended_list) between 1 and 64),
    add suspended_up_bps bigint check (suspended_up_bps > 0),
    add suspended_down_bps bigint check (suspended_down_bps > 0),
    add suspended_seconds integer not null default 600 check (suspended_seconds between 60 and 86400),
    add check (num_nulls(suspended_up_bps, suspended_down_bps) in (0, 2)),
    add check (suspended = 'reject' or num_nonnulls(suspended_pool, suspended_list) > 0);

-- `device`: what an address is known by may be different now. Its id is the hardware address in the last six octets.
alter table changes drop constraint changes_kind_check;
alter table changes add constraint changes_kind_check
    check (kind in ('voucher', 'subscriber', 'plan', 'tenant', 'all', 'session', 'device'));
