-- Why: staff suspend many subscribers at once. What was done to whom must be there afterwards, a stop half-way must not
-- lose it, and it can be undone.
--
-- The rows are written first, all of them; then they are dealt with in batches. A subscriber's `suspended_at` is the
-- operation's `begun_at`, which tells an undo whom nobody has touched since.
create table operations (
    tenant_id uuid not null references tenants (id),
    id uuid not null,
    verb text not null check (verb in ('suspend')),
    about text not null check (char_length(about) between 1 and 200),
    actor text not null check (char_length(actor) between 1 and 100),
    size integer not null check (size between 1 and 100000),
    begun_at timestamptz not null,
    finished_at timestamptz,
    undone_at timestamptz,
    primary key (tenant_id, id)
);

create table operation_rows (
    tenant_id uuid not null,
    operation_id uuid not null,
    place integer not null check (place >= 1),
    subscriber_id uuid not null,
    username text collate "C" not null,
    outcome text check (outcome in ('suspended', 'was_suspended', 'gone')),
    undone text check (undone in ('resumed', 'changed_since')),
    primary key (tenant_id, operation_id, place),
    foreign key (tenant_id, operation_id) references operations (tenant_id, id),
    check (undone is null or outcome = 'suspended')
);
create index operation_rows_waiting on operation_rows (tenant_id, operation_id, place) where outcome is null;
create index operation_rows_to_undo on operation_rows (tenant_id, operation_id, place)
    where outcome = 'suspended' and undone is null;

do $$
declare
    name text;
begin
    foreach name in array array['operations', 'operation_rows'] loop
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
grant select, insert, update on operations, operation_rows to mnetifi_tenant;
