-- Why: nodes keep customers, plans and tenants in memory, and must learn of each change to them, in whatever order
-- transactions commit.
--
-- A row tells that something about a voucher, subscriber, plan or tenant is different now; what it is must be read
-- from its own table. `all` says so of everything that a tenant has. Readers take the rows of those transactions that
-- they could not see before (pg_visible_in_snapshot), so there is no serial number that could commit out of order, and
-- a transaction that runs for long holds back its own changes alone.
create table changes (
    tenant_id uuid not null,
    kind text not null check (kind in ('voucher', 'subscriber', 'plan', 'tenant', 'all')),
    id uuid not null,
    txid xid8 not null default pg_current_xact_id()
);
-- Not unique: a transaction may change a thing twice.
create index changes_by_transaction on changes (txid, tenant_id, kind, id);

alter table changes enable row level security;
alter table changes force row level security;
create policy own_rows on changes to mnetifi_tenant
    using (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid)
    with check (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid);
create policy every_row on changes to mnetifi_system using (true) with check (true);
-- Whoever changes a thing notes it, with the rights they have.
grant insert on changes to mnetifi_tenant;
grant select, insert, delete on changes to mnetifi_system;

-- From which transaction on changes are kept. The oldest row tells what is gone; the younger ones, what may go next.
create table change_marks (
    at timestamptz primary key,
    txid xid8 not null
);
insert into change_marks (at, txid) values (now(), '0');
alter table change_marks enable row level security;
alter table change_marks force row level security;
create policy every_row on change_marks to mnetifi_system using (true) with check (true);
grant select, insert, delete on change_marks to mnetifi_system;

-- Notes what a statement has changed, once a row; an update that leaves a row as it was is no change.
--
-- Above so many rows of a tenant, one `all` stands for them: to read them one by one would cost readers as much as to
-- read everything, and the writer as much again as its own statement.
create function note_changes() returns trigger language plpgsql as $$
declare
    rows_max constant integer := 10000;
begin
    if tg_op = 'UPDATE' then
        insert into public.changes (tenant_id, kind, id)
        select distinct
            t.tenant_id,
            case when t.many then 'all' else tg_argv[0] end,
            case when t.many then t.tenant_id else t.id end
        from (
            select d.tenant_id, d.id, count(*) over (partition by d.tenant_id) > rows_max as many
            from (
                select coalesce(n.tenant_id, o.tenant_id) as tenant_id, coalesce(n.id, o.id) as id
                from touched_rows n
                full join old_rows o on o.tenant_id = n.tenant_id and o.id = n.id
                where o is distinct from n
            ) d
        ) t;
    else
        insert into public.changes (tenant_id, kind, id)
        select distinct
            t.tenant_id,
            case when t.many then 'all' else tg_argv[0] end,
            case when t.many then t.tenant_id else t.id end
        from (
            select d.tenant_id, d.id, count(*) over (partition by d.tenant_id) > rows_max as many
            from touched_rows d
        ) t;
    end if;
    return null;
end
$$;

-- The same of tenants, whose own id says whose they are; there are never so many.
create function note_changes_of_tenants() returns trigger language plpgsql as $$
begin
    if tg_op = 'UPDATE' then
        insert into public.changes (tenant_id, kind, id)
        select coalesce(n.id, o.id), 'tenant', coalesce(n.id, o.id)
        from touched_rows n
        full join old_rows o on o.id = n.id
        where o is distinct from n;
    else
        insert into public.changes (tenant_id, kind, id) select d.id, 'tenant', d.id from touched_rows d;
    end if;
    return null;
end
$$;

do $$
declare
    noted record;
begin
    for noted in
        select *
        from (values
            ('vouchers', 'note_changes(''voucher'')'),
            ('subscribers', 'note_changes(''subscriber'')'),
            ('plans', 'note_changes(''plan'')'),
            ('tenants', 'note_changes_of_tenants()')
        ) as noted (name, call)
    loop
        execute format(
            'create trigger note_inserts after insert on %I referencing new table as touched_rows'
            ' for each statement execute function %s',
            noted.name, noted.call
        );
        execute format(
            'create trigger note_updates after update on %I referencing old table as old_rows new table as touched_rows'
            ' for each statement execute function %s',
            noted.name, noted.call
        );
        execute format(
            'create trigger note_deletes after delete on %I referencing old table as touched_rows'
            ' for each statement execute function %s',
            noted.name, noted.call
        );
    end loop;
end
$$;
