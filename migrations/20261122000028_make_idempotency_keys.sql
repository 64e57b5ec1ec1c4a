-- Why: a program that got no answer sends its request again, and must not sell or change anything twice.
--
-- One row for each request that came with an idempotency key: who asked, a hash of what was asked, and, once it is known,
-- the answer, sealed, for some answers hold a secret that is shown once. Rows older than a day are of no more use.
create table idempotency_keys (
    tenant_id uuid not null references tenants (id),
    id uuid not null,
    -- Who asked: a hash of staff or key, so that one caller's words are not another's.
    caller bytea not null check (octet_length(caller) = 32),
    key text not null check (char_length(key) between 1 and 64),
    -- Of the method, the path and the body.
    asked bytea not null check (octet_length(asked) = 32),
    began_at timestamptz not null,
    -- None while the request is being worked on.
    status integer check (status between 200 and 599),
    answer_sealed bytea check (octet_length(answer_sealed) <= 1049600),
    primary key (tenant_id, id),
    constraint idempotency_keys_key unique (tenant_id, caller, key),
    check ((status is null) = (answer_sealed is null))
);
create index idempotency_keys_by_age on idempotency_keys (tenant_id, began_at);

alter table idempotency_keys enable row level security;
alter table idempotency_keys force row level security;
create policy own_rows on idempotency_keys to mnetifi_tenant
    using (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid)
    with check (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid);
grant select, insert, update, delete on idempotency_keys to mnetifi_tenant;
