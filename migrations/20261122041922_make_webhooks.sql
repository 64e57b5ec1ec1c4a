-- Why: partners want to be told of what is done in an ISP's name, each deed at least once, also after a night in which
-- they were away, and signed, so that they can believe it.
--
-- A deed's entry in the audit is the event. The telling of one event to one webhook is a delivery, and a job of the same
-- id does it; both are written with the entry.
create table webhooks (
    tenant_id uuid not null references tenants (id),
    id uuid not null,
    url text not null check (char_length(url) between 1 and 500),
    secret_sealed bytea not null check (octet_length(secret_sealed) <= 512),
    -- Verbs of the audit; none is all.
    events text[] not null check (cardinality(events) <= 200),
    is_active boolean not null default true,
    created_at timestamptz not null,
    revision bigint not null default 1,
    primary key (tenant_id, id)
);

create table webhook_deliveries (
    tenant_id uuid not null,
    id uuid not null,
    webhook_id uuid not null,
    event_id uuid not null,
    verb text not null check (verb ~ '^[a-z_]{1,40}$'),
    body text not null check (octet_length(body) <= 1048576),
    created_at timestamptz not null,
    status integer check (status between 100 and 999),
    primary key (tenant_id, id),
    foreign key (tenant_id, webhook_id) references webhooks (tenant_id, id) on delete cascade
);
create index webhook_deliveries_by_webhook on webhook_deliveries (tenant_id, webhook_id, id);
create index webhook_deliveries_by_time on webhook_deliveries (tenant_id, created_at);

do $$
declare
    name text;
begin
    foreach name in array array['webhooks', 'webhook_deliveries'] loop
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
grant select, insert, update, delete on webhooks, webhook_deliveries to mnetifi_tenant;

-- What a delivery's job is to do stands in the delivery: it holds nothing itself.
alter table jobs drop constraint jobs_check1;
alter table jobs add constraint jobs_payload_check
    check (payload_sealed is not null or done_at is not null or kind = 'webhook');
