-- Why: what is sold, and the codes that buy it.
create table plans (
    tenant_id uuid not null references tenants (id),
    id uuid not null,
    name text not null check (name ~ '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$'),
    service text not null check (service in ('hotspot', 'pppoe', 'static')),
    current_revision integer not null check (current_revision >= 1),
    created_at timestamptz not null default now(),
    primary key (tenant_id, id),
    unique (tenant_id, name)
);

create table plan_revisions (
    tenant_id uuid not null,
    plan_id uuid not null,
    revision integer not null check (revision >= 1),
    rate_up_bps bigint check (rate_up_bps > 0),
    rate_down_bps bigint check (rate_down_bps > 0),
    burst_up_bps bigint check (burst_up_bps > 0),
    burst_down_bps bigint check (burst_down_bps > 0),
    threshold_up_bps bigint check (threshold_up_bps > 0),
    threshold_down_bps bigint check (threshold_down_bps > 0),
    burst_up_seconds integer check (burst_up_seconds between 1 and 3600),
    burst_down_seconds integer check (burst_down_seconds between 1 and 3600),
    priority integer check (priority between 1 and 8),
    minimum_up_bps bigint check (minimum_up_bps >= 0),
    minimum_down_bps bigint check (minimum_down_bps >= 0),
    device_cap integer not null check (device_cap between 1 and 1000),
    duration_unit text not null check (duration_unit in ('minutes', 'days', 'months')),
    duration_count integer not null check (duration_count >= 1),
    anchor text not null check (anchor in ('purchase', 'first_use', 'sale')),
    data_cap_bytes bigint check (data_cap_bytes > 0),
    pool text check (octet_length(pool) between 1 and 64),
    address_list text check (octet_length(address_list) between 1 and 64),
    price_minor bigint not null check (price_minor >= 0),
    price_currency text not null check (price_currency ~ '^[A-Z]{3}$'),
    created_at timestamptz not null default now(),
    primary key (tenant_id, plan_id, revision),
    foreign key (tenant_id, plan_id) references plans (tenant_id, id),
    check (num_nulls(rate_up_bps, rate_down_bps) in (0, 2)),
    check (
        num_nulls(
            burst_up_bps, burst_down_bps, threshold_up_bps, threshold_down_bps, burst_up_seconds, burst_down_seconds
        ) in (0, 6)
    ),
    check (num_nulls(minimum_up_bps, minimum_down_bps) in (0, 2)),
    check (rate_up_bps is not null or num_nonnulls(burst_up_bps, minimum_up_bps, priority) = 0)
);

-- What somebody bought must not change behind their back.
create function refuse_change() returns trigger language plpgsql as $$
begin
    raise exception 'rows of % are never changed', tg_table_name using errcode = 'restrict_violation';
end
$$;
create trigger refuse_change before update or delete on plan_revisions
    for each row execute function refuse_change();

-- Checked at commit: a plan and its first revision are made together.
alter table plans add constraint plans_current_revision_fkey
    foreign key (tenant_id, id, current_revision) references plan_revisions (tenant_id, plan_id, revision)
    deferrable initially deferred;

create table batches (
    tenant_id uuid not null references tenants (id),
    id uuid not null,
    plan_id uuid not null,
    channel text not null check (channel in ('printed', 'portal', 'imported')),
    size integer not null check (size between 1 and 100000),
    note text not null check (char_length(note) <= 200),
    sell_by timestamptz,
    created_at timestamptz not null,
    primary key (tenant_id, id),
    foreign key (tenant_id, plan_id) references plans (tenant_id, id)
);

-- A code is unique over all tenants, whatever its letters' case: a person may stand before any ISP's portal.
create table vouchers (
    tenant_id uuid not null references tenants (id),
    id uuid not null,
    batch_id uuid not null,
    plan_id uuid not null,
    code text not null check (code ~ '^[A-Za-z0-9]{4,32}$'),
    code_folded text collate "C" not null generated always as (lower(code collate "C")) stored,
    bought_by text check (bought_by ~ '^[1-9][0-9]{7,14}$'),
    sell_by timestamptz,
    sold_at timestamptz,
    first_used_at timestamptz,
    expires_at timestamptz,
    revoked_at timestamptz,
    created_at timestamptz not null,
    primary key (tenant_id, id),
    constraint vouchers_code_folded_key unique (code_folded),
    foreign key (tenant_id, batch_id) references batches (tenant_id, id),
    foreign key (tenant_id, plan_id) references plans (tenant_id, id),
    check (first_used_at is null or expires_at is not null)
);
create index vouchers_by_batch on vouchers (tenant_id, batch_id, id);
create index vouchers_by_plan on vouchers (tenant_id, plan_id, id);
create index vouchers_by_buyer on vouchers (tenant_id, bought_by) where bought_by is not null;

do $$
declare
    name text;
begin
    foreach name in array array['plans', 'plan_revisions', 'batches', 'vouchers'] loop
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
grant select, insert, update on plans, vouchers to mnetifi_tenant;
grant select, insert on plan_revisions, batches to mnetifi_tenant;
