-- Why: an ISP knows its customers by name and place, not by user names and codes alone; and lists of customers,
-- subscribers and vouchers must come at once also where there are millions of them.
--
-- A customer is who uses and pays. Subscribers and vouchers may belong to one. Their zone and the one of the staff who
-- looks after them say who may see them.
create table customers (
    tenant_id uuid not null references tenants (id),
    id uuid not null,
    name text not null check (char_length(name) between 1 and 120),
    -- The name as people search for it: small letters, one space between words. The program folds it, so that no
    -- database's language decides what is found.
    name_folded text collate "C" not null check (char_length(name_folded) between 1 and 360),
    -- From its second and its third word on: who knows the family name alone finds it by an index, too.
    name_second text collate "C" generated always as (
        case when strpos(name_folded, ' ') > 0 then substr(name_folded, strpos(name_folded, ' ') + 1) end
    ) stored,
    name_third text collate "C" generated always as (nullif(split_part(name_folded, ' ', 3), '')) stored,
    phone text collate "C" check (phone ~ '^[1-9][0-9]{7,14}$'),
    email text collate "C" check (char_length(email) between 3 and 254),
    notes text not null default '' check (char_length(notes) <= 4000),
    category text collate "C" check (category ~ '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$'),
    zone_id uuid,
    assigned_to uuid,
    address text not null default '' check (char_length(address) <= 300),
    latitude double precision check (latitude between -90 and 90),
    longitude double precision check (longitude between -180 and 180),
    identity_kind text check (identity_kind in ('national_id', 'passport', 'business', 'other')),
    identity_sealed bytea check (octet_length(identity_sealed) <= 512),
    identity_state text not null default 'none' check (identity_state in ('none', 'pending', 'verified', 'rejected')),
    revision integer not null default 1 check (revision >= 1),
    created_at timestamptz not null,
    changed_at timestamptz not null,
    primary key (tenant_id, id),
    constraint customers_staff_fkey foreign key (tenant_id, assigned_to) references staff (tenant_id, id),
    check (num_nulls(latitude, longitude) in (0, 2)),
    check (num_nulls(identity_kind, identity_sealed) in (0, 2)),
    check (identity_state = 'none' or identity_kind is not null)
);
create index customers_by_name on customers (tenant_id, name_folded, id);
create index customers_by_second_name on customers (tenant_id, name_second, id) where name_second is not null;
create index customers_by_third_name on customers (tenant_id, name_third, id) where name_third is not null;
create index customers_by_phone on customers (tenant_id, phone, id) where phone is not null;
create index customers_by_email on customers (tenant_id, email, id) where email is not null;
create index customers_by_zone on customers (tenant_id, zone_id, id) where zone_id is not null;
create index customers_by_zone_and_name on customers (tenant_id, zone_id, name_folded, id) where zone_id is not null;
create index customers_by_staff on customers (tenant_id, assigned_to, id) where assigned_to is not null;
create index customers_by_staff_and_name on customers (tenant_id, assigned_to, name_folded, id)
    where assigned_to is not null;
create index customers_by_category on customers (tenant_id, category, id) where category is not null;
create index customers_by_identity on customers (tenant_id, identity_state, id) where identity_state <> 'none';

alter table customers enable row level security;
alter table customers force row level security;
create policy own_rows on customers to mnetifi_tenant
    using (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid)
    with check (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid);
grant select, insert, update, delete on customers to mnetifi_tenant;

-- A house has a place of its own: one customer may have several.
alter table subscribers
    add customer_id uuid,
    add zone_id uuid,
    add constraint subscribers_customer_fkey foreign key (tenant_id, customer_id) references customers (tenant_id, id);
create index subscribers_by_customer on subscribers (tenant_id, customer_id, id) where customer_id is not null;
create index subscribers_by_zone on subscribers (tenant_id, zone_id, id) where zone_id is not null;
create index subscribers_by_zone_and_name on subscribers (tenant_id, zone_id, username) where zone_id is not null;
drop index subscribers_by_plan;
create index subscribers_by_plan on subscribers (tenant_id, plan_id, id);
create index subscribers_by_plan_and_name on subscribers (tenant_id, plan_id, username);
create index subscribers_by_phone on subscribers (tenant_id, (phone collate "C"), id) where phone is not null;
create index subscribers_suspended on subscribers (tenant_id, id) where suspended_at is not null;
-- What has no end is last. A day so far away that nothing ends after it, so that the end is never nothing.
create index subscribers_by_end on subscribers
    (tenant_id, (coalesce(expires_at, '9999-12-31 00:00:00+00'::timestamptz)), id);

alter table vouchers
    add customer_id uuid,
    add constraint vouchers_customer_fkey foreign key (tenant_id, customer_id) references customers (tenant_id, id);
create index vouchers_by_customer on vouchers (tenant_id, customer_id, id) where customer_id is not null;
create index vouchers_by_code on vouchers (tenant_id, code_folded, id);
create index vouchers_by_phone on vouchers (tenant_id, (bought_by collate "C"), id) where bought_by is not null;
-- A voucher without an end of its own ends where it may no longer be sold or first used.
create index vouchers_by_end on vouchers
    (tenant_id, (coalesce(expires_at, sell_by, '9999-12-31 00:00:00+00'::timestamptz)), id);
-- One for each state but those that time alone makes.
create index vouchers_printed on vouchers (tenant_id, id)
    where sold_at is null and first_used_at is null and revoked_at is null;
create index vouchers_unused on vouchers (tenant_id, id)
    where sold_at is not null and first_used_at is null and revoked_at is null;
create index vouchers_used on vouchers (tenant_id, id) where first_used_at is not null and revoked_at is null;
create index vouchers_revoked on vouchers (tenant_id, id) where revoked_at is not null;

create index batches_by_plan on batches (tenant_id, plan_id, id);
create index batches_by_channel on batches (tenant_id, channel, id);
create index batches_by_note on batches (tenant_id, (note collate "C"), id) where note <> '';
