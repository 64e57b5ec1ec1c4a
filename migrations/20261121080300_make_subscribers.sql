-- Why: houses and businesses with a login of their own.
create table subscribers (
    tenant_id uuid not null references tenants (id),
    id uuid not null,
    username text collate "C" not null check (octet_length(username) between 1 and 64),
    password_sealed bytea not null check (octet_length(password_sealed) <= 512),
    plan_id uuid not null,
    suspended_at timestamptz,
    expires_at timestamptz,
    framed_ip inet check (family(framed_ip) = 4 and masklen(framed_ip) = 32),
    phone text check (phone ~ '^[1-9][0-9]{7,14}$'),
    created_at timestamptz not null,
    primary key (tenant_id, id),
    -- Compared octet by octet, so that no language's rules make two names one.
    constraint subscribers_username_key unique (tenant_id, username),
    foreign key (tenant_id, plan_id) references plans (tenant_id, id)
);
create index subscribers_by_plan on subscribers (tenant_id, plan_id);

alter table subscribers enable row level security;
alter table subscribers force row level security;
create policy own_rows on subscribers to mnetifi_tenant
    using (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid)
    with check (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid);
grant select, insert, update on subscribers to mnetifi_tenant;
