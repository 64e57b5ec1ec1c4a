-- Why: an ISP, the keys of its secrets, and the routers that ask us in its name.
create table tenants (
    id uuid primary key,
    slug text not null unique check (slug ~ '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$'),
    name text not null check (char_length(name) between 1 and 100),
    zone text not null check (char_length(zone) between 1 and 64),
    currency text not null check (currency ~ '^[A-Z]{3}$'),
    calling_code text not null check (calling_code ~ '^[1-9][0-9]{0,2}$'),
    created_at timestamptz not null default now()
);

alter table tenants enable row level security;
alter table tenants force row level security;
create policy own_row on tenants for select to mnetifi_tenant
    using (id = nullif(current_setting('app.tenant', true), '')::uuid);
create policy every_row on tenants to mnetifi_system using (true) with check (true);
grant select on tenants to mnetifi_tenant;
grant select, insert, update on tenants to mnetifi_system;

-- A data key, wrapped by the master key, which the database never sees.
create table tenant_keys (
    tenant_id uuid not null references tenants (id),
    version integer not null check (version between 1 and 65535),
    wrapped bytea not null check (octet_length(wrapped) between 32 and 256),
    created_at timestamptz not null default now(),
    primary key (tenant_id, version)
);

alter table tenant_keys enable row level security;
alter table tenant_keys force row level security;
create policy own_rows on tenant_keys for select to mnetifi_tenant
    using (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid);
create policy every_row on tenant_keys to mnetifi_system using (true) with check (true);
grant select on tenant_keys to mnetifi_tenant;
grant select, insert on tenant_keys to mnetifi_system;

create table nas (
    tenant_id uuid not null references tenants (id),
    id uuid not null,
    name text not null check (name ~ '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$'),
    address cidr not null,
    identifier text check (octet_length(identifier) between 1 and 253),
    vendor text not null check (vendor in ('mikrotik', 'generic')),
    coa_port integer not null check (coa_port between 1 and 65535),
    secret_sealed bytea not null check (octet_length(secret_sealed) <= 512),
    revision bigint not null default 1,
    created_at timestamptz not null default now(),
    primary key (tenant_id, id),
    unique (tenant_id, name)
);

-- Nodes keep all routers in memory and look for changes by (id, revision): a late commit cannot hide from that.
create function bump_revision() returns trigger language plpgsql as $$
begin
    new.revision := old.revision + 1;
    return new;
end
$$;
create trigger bump_revision before update on nas for each row execute function bump_revision();

alter table nas enable row level security;
alter table nas force row level security;
create policy own_rows on nas to mnetifi_tenant
    using (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid)
    with check (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid);
create policy every_row on nas for select to mnetifi_system using (true);
grant select, insert, update, delete on nas to mnetifi_tenant;
grant select on nas to mnetifi_system;
