-- Why: mail and the telling of partners must neither be lost when a server is killed nor be sent for a deed that was
-- undone. So a deed writes down, in its own transaction, what is to be done outside; workers do it later, again and
-- again until it is done, and staff sees what could not be done.
--
-- `due_at`: null once it is done or parked. A worker that takes a job moves `due_at` into the future, so that another
-- takes it should this one be killed. `payload_sealed` may hold what lets somebody in, and is forgotten once it is done.
create table jobs (
    tenant_id uuid not null references tenants (id),
    id uuid not null,
    kind text not null check (kind ~ '^[a-z_]{1,40}$'),
    about text not null check (char_length(about) between 1 and 200),
    payload_sealed bytea check (octet_length(payload_sealed) <= 65536),
    created_at timestamptz not null,
    due_at timestamptz,
    tries integer not null default 0 check (tries >= 0),
    fault text check (char_length(fault) <= 300),
    done_at timestamptz,
    parked_at timestamptz,
    primary key (tenant_id, id),
    check (num_nonnulls(due_at, done_at, parked_at) = 1),
    check (payload_sealed is not null or done_at is not null)
);
create index jobs_due on jobs (tenant_id, kind, due_at) where due_at is not null;
create index jobs_parked on jobs (tenant_id, id) where parked_at is not null;
create index jobs_done on jobs (tenant_id, done_at) where done_at is not null;

alter table jobs enable row level security;
alter table jobs force row level security;
create policy own_rows on jobs to mnetifi_tenant
    using (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid)
    with check (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid);
grant select, insert, update, delete on jobs to mnetifi_tenant;
-- Workers take the jobs of all tenants, and see of them only whose they are.
create policy every_row on jobs to mnetifi_system using (true) with check (true);
grant select (tenant_id, id, kind, due_at, tries) on jobs to mnetifi_system;
grant update (due_at, tries) on jobs to mnetifi_system;
