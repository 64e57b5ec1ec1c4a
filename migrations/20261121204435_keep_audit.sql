-- Why: whoever changes a plan, a voucher or a subscriber changes what people have paid for. Who did it, when, and what
-- was before must be there when somebody asks, and nobody may change it afterwards.
--
-- Written in the transaction of the deed itself. `before` and `after` hold what is different, as texts by name, and
-- never a secret: no password, no code.
create table audit (
    tenant_id uuid not null references tenants (id),
    id uuid not null,
    at timestamptz not null,
    actor text not null check (char_length(actor) between 1 and 100),
    verb text not null check (verb ~ '^[a-z_]{1,40}$'),
    thing_kind text not null check (thing_kind ~ '^[a-z_]{1,40}$'),
    thing_id uuid not null,
    before jsonb not null check (jsonb_typeof(before) = 'object'),
    after jsonb not null check (jsonb_typeof(after) = 'object'),
    primary key (tenant_id, id)
);
create index audit_by_thing on audit (tenant_id, thing_id, id);

create trigger refuse_change before update or delete on audit
    for each row execute function refuse_change();
create trigger refuse_truncate before truncate on audit
    for each statement execute function refuse_change();

alter table audit enable row level security;
alter table audit force row level security;
create policy own_rows on audit to mnetifi_tenant
    using (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid)
    with check (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid);
grant select, insert on audit to mnetifi_tenant;
