-- Why: routers that share an address are told apart by realm or by ports of their own, are held to signing once they
-- do, and leave without taking their sessions along.
alter table nas
    add column realm text check (octet_length(realm) between 1 and 253),
    -- The port for authentication; accounting is on the one after it.
    add column port_pair integer check (port_pair between 1 and 65534),
    add column signing text not null default 'observe' check (signing in ('observe', 'require', 'allow')),
    add column signing_raised_at timestamptz,
    add column retired_at timestamptz;

-- A name is free again when its router has gone.
alter table nas drop constraint nas_tenant_id_name_key;
create unique index nas_name_key on nas (tenant_id, name) where retired_at is null;

-- Nodes raise a router that signs; they change nothing else of it.
create policy raise_signing on nas for update to mnetifi_system using (true) with check (true);
grant update (signing_raised_at) on nas to mnetifi_system;

-- What all nodes together have seen of a router. Apart from `nas`, whose every change makes all nodes read it again.
create table nas_sightings (
    tenant_id uuid not null,
    nas_id uuid not null,
    heard_at timestamptz not null,
    heard_from inet not null,
    signed_in_row bigint not null default 0 check (signed_in_row >= 0),
    signed_since timestamptz,
    unsigned_at timestamptz,
    primary key (tenant_id, nas_id),
    foreign key (tenant_id, nas_id) references nas (tenant_id, id) on delete cascade
);

alter table nas_sightings enable row level security;
alter table nas_sightings force row level security;
create policy own_rows on nas_sightings to mnetifi_tenant
    using (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid)
    with check (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid);
create policy every_row on nas_sightings to mnetifi_system using (true) with check (true);
grant select on nas_sightings to mnetifi_tenant;
grant select, insert, update on nas_sightings to mnetifi_system;
