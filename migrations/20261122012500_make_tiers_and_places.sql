-- Why: ISPs sign up by themselves, try everything for a day, and then buy a tier. Where an ISP stands follows from these
-- columns and the time; nothing that serves its customers reads them.
create table tiers (
    code text primary key check (code ~ '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$'),
    name text not null check (char_length(name) between 1 and 60),
    currency text not null check (currency ~ '^[A-Z]{3}$'),
    month_minor bigint not null check (month_minor > 0),
    year_minor bigint check (year_minor > 0),
    features text[] not null check (cardinality(features) <= 50),
    -- Null is unlimited.
    techs_max integer check (techs_max >= 0),
    customers_max integer check (customers_max >= 0),
    routers_max integer check (routers_max >= 0),
    storage_gb integer check (storage_gb >= 0),
    is_on_sale boolean not null default true,
    revision bigint not null default 1
);
alter table tiers enable row level security;
alter table tiers force row level security;
create policy every_row on tiers to mnetifi_system using (true) with check (true);
create policy price_list on tiers for select to mnetifi_tenant using (true);
grant select, insert, update on tiers to mnetifi_system;
grant select on tiers to mnetifi_tenant;

-- What holds for all ISPs that nothing else was said of. One row.
create table platform_settings (
    only_one boolean primary key default true check (only_one),
    name text not null default 'mnetifi' check (char_length(name) between 1 and 100),
    trial_hours integer not null default 24 check (trial_hours between 0 and 8760),
    grace_days integer not null default 3 check (grace_days between 0 and 90),
    is_sign_up_open boolean not null default true,
    revision bigint not null default 1
);
alter table platform_settings enable row level security;
alter table platform_settings force row level security;
create policy the_row on platform_settings to mnetifi_system using (true) with check (true);
create policy the_row_read on platform_settings for select to mnetifi_tenant using (true);
grant select, update on platform_settings to mnetifi_system;
grant select on platform_settings to mnetifi_tenant;

-- Kenya's three products, by the month: in minor units.
alter table tiers no force row level security;
alter table platform_settings no force row level security;
insert into tiers (code, name, currency, month_minor, features, techs_max) values
    ('basic-lines', 'Basic: PPPoE and static', 'KES', 50000, '{service.pppoe_static}', 1),
    ('basic-hotspot', 'Basic: hotspot', 'KES', 50000, '{service.hotspot}', 1),
    ('premium', 'Premium: everything', 'KES', 150000,
     '{service.pppoe_static,service.hotspot,branding.white_label,api.custom,analytics.advanced}', null);
insert into platform_settings default values;
alter table tiers force row level security;
alter table platform_settings force row level security;

-- `next_tier`: from the end of what is paid for on.
alter table tenants
    add tier text references tiers (code),
    add next_tier text references tiers (code),
    add trial_until timestamptz,
    add paid_until timestamptz,
    add grace_days integer check (grace_days between 0 and 90),
    add locked_at timestamptz,
    add locked_why text check (char_length(locked_why) between 1 and 300),
    add revision bigint not null default 1,
    add check (num_nulls(locked_at, locked_why) in (0, 2));

-- A deed about an ISP notes itself in that ISP's audit, in the same transaction: so it is done through its own door, and
-- reaches its own row alone. Who it is and what its prices are in never changes.
create policy own_row_changed on tenants for update to mnetifi_tenant
    using (id = nullif(current_setting('app.tenant', true), '')::uuid)
    with check (id = nullif(current_setting('app.tenant', true), '')::uuid);
grant update (
    name, zone, session_days, mac_login, suspended, suspended_pool, suspended_list, suspended_up_bps, suspended_down_bps,
    suspended_seconds, demands_totp, tier, next_tier, trial_until, paid_until, grace_days, locked_at, locked_why, revision
) on tenants to mnetifi_tenant;

-- Offices, and parts of the area. Technicians work in zones, and customers live in them.
create table branches (
    tenant_id uuid not null references tenants (id),
    id uuid not null,
    name text not null check (char_length(name) between 1 and 60),
    created_at timestamptz not null,
    revision bigint not null default 1,
    primary key (tenant_id, id)
);
create unique index branches_name_key on branches (tenant_id, lower(name));

create table zones (
    tenant_id uuid not null references tenants (id),
    id uuid not null,
    branch_id uuid,
    name text not null check (char_length(name) between 1 and 60),
    created_at timestamptz not null,
    revision bigint not null default 1,
    primary key (tenant_id, id),
    foreign key (tenant_id, branch_id) references branches (tenant_id, id)
);
create unique index zones_name_key on zones (tenant_id, lower(name));
create index zones_of_branch on zones (tenant_id, branch_id);

-- Who signs up, until the address is confirmed: rows of the platform. The ISP is opened then, under `opens`.
-- `password_hash` and `token_hash` go once it is.
create table sign_ups (
    tenant_id uuid not null references tenants (id),
    id uuid not null,
    opens uuid not null,
    owner_id uuid not null,
    business text not null check (char_length(business) between 1 and 100),
    slug text not null check (slug ~ '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$'),
    user_name text collate "C" not null check (user_name ~ '^[a-z][a-z0-9._-]{2,31}$'),
    email text collate "C" not null check (email = lower(email) and char_length(email) between 3 and 254),
    zone text not null check (char_length(zone) between 1 and 64),
    currency text not null check (currency ~ '^[A-Z]{3}$'),
    calling_code text not null check (calling_code ~ '^[1-9][0-9]{0,2}$'),
    password_hash text check (octet_length(password_hash) between 40 and 256),
    token_hash bytea check (octet_length(token_hash) = 32),
    made_at timestamptz not null,
    expires_at timestamptz not null,
    mailed_at timestamptz not null,
    mails integer not null default 1 check (mails >= 1),
    confirmed_at timestamptz,
    primary key (tenant_id, id),
    check ((confirmed_at is null) = (password_hash is not null and token_hash is not null))
);
create unique index sign_ups_slug_key on sign_ups (tenant_id, slug) where confirmed_at is null;
create unique index sign_ups_email_key on sign_ups (tenant_id, email) where confirmed_at is null;
create unique index sign_ups_token_key on sign_ups (tenant_id, token_hash) where confirmed_at is null;

do $$
declare
    name text;
begin
    foreach name in array array['branches', 'zones', 'sign_ups'] loop
        execute format('alter table %I enable row level security', name);
        execute format('alter table %I force row level security', name);
        execute format(
            'create policy own_rows on %I to mnetifi_tenant'
            ' using (tenant_id = nullif(current_setting(''app.tenant'', true), '''')::uuid)'
            ' with check (tenant_id = nullif(current_setting(''app.tenant'', true), '''')::uuid)',
            name
        );
    end loop;
end
$$;
grant select, insert, update, delete on branches, zones, sign_ups to mnetifi_tenant;
