-- Why: the story of a session that was changed or cut must be told later: what its router was asked, and what it
-- answered, each time.
create table session_orders (
    tenant_id uuid not null references tenants (id),
    session_id uuid not null,
    at timestamptz not null,
    asked text not null check (char_length(asked) between 1 and 500),
    answer text not null check (char_length(answer) between 1 and 200),
    primary key (tenant_id, session_id, at, asked)
);
create index session_orders_by_time on session_orders (tenant_id, at);
alter table session_orders enable row level security;
alter table session_orders force row level security;
create policy own_rows on session_orders to mnetifi_tenant
    using (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid)
    with check (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid);
grant select, insert, delete on session_orders to mnetifi_tenant;

-- What is to be said to people later, each thing once: the messages to come read it.
create table notices (
    tenant_id uuid not null references tenants (id),
    id uuid not null,
    kind text not null check (kind ~ '^[a-z_]{1,40}$'),
    holder_kind text not null check (holder_kind in ('voucher', 'subscriber')),
    holder_id uuid not null,
    about timestamptz not null,
    at timestamptz not null,
    primary key (tenant_id, id),
    constraint notices_once_key unique (tenant_id, kind, holder_id, about)
);
alter table notices enable row level security;
alter table notices force row level security;
create policy own_rows on notices to mnetifi_tenant
    using (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid)
    with check (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid);
grant select, insert on notices to mnetifi_tenant;

-- Whose time ends soon is looked for plan by plan.
create index vouchers_ending on vouchers (tenant_id, plan_id, expires_at)
    where expires_at is not null and revoked_at is null;
create index subscribers_ending on subscribers (tenant_id, plan_id, expires_at)
    where expires_at is not null and suspended_at is null;
