-- Why: routers that ask over TLS (RadSec, RFC 6614) show a certificate, which we issue and can take back.

-- The one authority of this system. Its key is sealed with the master key, which the database never sees.
create table radsec_authority (
    single boolean primary key default true check (single),
    name text not null check (char_length(name) between 1 and 64),
    certificate bytea not null check (octet_length(certificate) between 1 and 8192),
    key_sealed bytea not null check (octet_length(key_sealed) between 1 and 8192),
    expires_at timestamptz not null,
    created_at timestamptz not null default now()
);

alter table radsec_authority enable row level security;
alter table radsec_authority force row level security;
create policy every_row on radsec_authority to mnetifi_system using (true) with check (true);
grant select, insert on radsec_authority to mnetifi_system;

-- What was issued to routers. Private keys are given away and not kept; a certificate is known by its fingerprint.
create table radsec_certificates (
    tenant_id uuid not null references tenants (id),
    id uuid not null,
    nas_id uuid not null,
    serial bytea not null check (octet_length(serial) = 16),
    fingerprint bytea not null check (octet_length(fingerprint) = 32),
    issued_at timestamptz not null,
    expires_at timestamptz not null check (expires_at > issued_at),
    revoked_at timestamptz,
    primary key (tenant_id, id),
    unique (tenant_id, serial),
    unique (tenant_id, fingerprint),
    foreign key (tenant_id, nas_id) references nas (tenant_id, id) on delete cascade
);

create index radsec_certificates_by_nas on radsec_certificates (tenant_id, nas_id);

alter table radsec_certificates enable row level security;
alter table radsec_certificates force row level security;
create policy own_rows on radsec_certificates to mnetifi_tenant
    using (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid)
    with check (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid);
create policy every_row on radsec_certificates for select to mnetifi_system using (true);
grant select, insert, update on radsec_certificates to mnetifi_tenant;
grant select on radsec_certificates to mnetifi_system;
