-- Why: a node's accounting journal is read again after a crash; what is in the database must not be counted twice.
--
-- Written in the same transaction as the effects of the records before `position`. A journal has an id of its own, so
-- another one on the same machine starts from its own beginning. The batch tells whoever lost the connection in the
-- middle of a commit whether it was committed.
create table journal_positions (
    tenant_id uuid not null references tenants (id),
    journal_id uuid not null,
    position bigint not null check (position >= 0),
    batch_id uuid not null,
    noted_at timestamptz not null default clock_timestamp(),
    primary key (tenant_id, journal_id)
);
alter table journal_positions enable row level security;
alter table journal_positions force row level security;
create policy own_rows on journal_positions to mnetifi_tenant
    using (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid)
    with check (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid);
grant select, insert, update on journal_positions to mnetifi_tenant;
