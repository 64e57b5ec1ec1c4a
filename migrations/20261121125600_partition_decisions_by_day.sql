-- Why: nothing bounded the growth of decisions. A table of each day is found faster and let go of at once.
--
-- A program from before cannot write decisions to this shape: stop every node, then start the new one.
-- Rows move once, while the tables are locked.

-- What there is becomes the table of records that belong to no day yet: nothing is ever lost for lack of one.
alter table decisions rename to decisions_default;
drop policy own_rows on decisions_default;
drop policy every_row on decisions_default;
revoke all on decisions_default from mnetifi_tenant, mnetifi_system;
-- The owner moves rows between the tables of the days; whoever else were granted one of them would see nothing.
alter table decisions_default no force row level security;
alter table decisions_default drop constraint decisions_pkey;
drop index decisions_by_trace, decisions_by_user, decisions_by_trace_of_all;

create table decisions (like decisions_default including defaults including constraints) partition by range (at);
alter table decisions
    add primary key (tenant_id, at, id),
    add constraint decisions_tenant_id_fkey foreign key (tenant_id) references tenants (id),
    add constraint decisions_tenant_id_nas_id_fkey foreign key (tenant_id, nas_id) references nas (tenant_id, id);
-- A trace code is read out to the operator by somebody who does not know whose customer they are.
create index decisions_by_trace on decisions (trace, at);
-- They end with the id, so that a page goes on exactly where the last one ended.
create index decisions_by_user on decisions (tenant_id, user_name, at, id);
create index decisions_by_device on decisions (tenant_id, device, at, id);
create index decisions_by_nas on decisions (tenant_id, nas_id, at, id);
create index decisions_refused on decisions (tenant_id, at, id) where refusal is not null;
alter table decisions attach partition decisions_default default;

alter table decisions enable row level security;
alter table decisions force row level security;
create policy own_rows on decisions to mnetifi_tenant
    using (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid)
    with check (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid);
create policy every_row on decisions for select to mnetifi_system using (true);
grant select, insert on decisions to mnetifi_tenant;
grant select on decisions to mnetifi_system;

-- Makes the tables of today and the next three days (in UTC), moves to their days what came in without one, and lets
-- go of what is older than so many days. The only way to the tables of days; calling it again does no harm.
--
-- It lets go of nothing on a day that was not foreseen: then we have not run for days, or the clock has leapt and is
-- perhaps set right before the next call.
create function keep_decisions(now timestamptz, days integer) returns void
language plpgsql
security definer
set search_path = pg_catalog, public, pg_temp
set timezone = 'UTC'
-- Logins wait behind us, so rather try again later.
set lock_timeout = '500ms'
as $$
declare
    today constant date := keep_decisions.now::date;
    oldest constant date := (keep_decisions.now - make_interval(days => keep_decisions.days))::date;
    foreseen constant boolean := to_regclass('public.decisions_' || to_char(today, 'YYYYMMDD')) is not null;
    moved boolean := false;
    day date;
    part text;
begin
    if keep_decisions.days not between 1 and 400 then
        raise exception 'decisions are kept 1 to 400 days, not %', keep_decisions.days
            using errcode = 'invalid_parameter_value';
    end if;
    -- A clock that is beyond all reason: what is written goes to the table without a day.
    if today not between date '1970-01-01' and date '9990-01-01' then
        return;
    end if;
    -- Another node is at it.
    if not pg_try_advisory_xact_lock(hashtextextended('keep_decisions', 0)) then
        return;
    end if;
    for part in
        select c.relname
        from pg_inherits i
        join pg_class c on c.oid = i.inhrelid
        where foreseen
          and i.inhparent = 'public.decisions'::regclass
          and c.relname ~ '^decisions_[0-9]{8}$'
          and to_date(right(c.relname, 8), 'YYYYMMDD') < oldest
        order by c.relname
    loop
        execute format('drop table public.%I', part);
    end loop;
    delete from public.decisions_default where foreseen and at < oldest;
    for day in
        select today + ahead from generate_series(0, 3) ahead
        union
        select at::date from public.decisions_default where at >= oldest and at < today + 4 -- with those of missed days
        order by 1
    loop
        part := 'decisions_' || to_char(day, 'YYYYMMDD');
        continue when to_regclass('public.' || part) is not null;
        -- Before its rows move, so that no other comes in behind them.
        lock table public.decisions_default in access exclusive mode;
        execute format('create table public.%I (like public.decisions including defaults including constraints)', part);
        execute format('alter table public.%I enable row level security', part);
        execute format(
            'with moved as (delete from public.decisions_default where at >= %1$L and at < %2$L returning *)'
            ' insert into public.%3$I select * from moved',
            day, day + 1, part
        );
        execute format(
            'alter table public.decisions attach partition public.%I for values from (%L) to (%L)',
            part, day, day + 1
        );
        moved := true;
    end loop;
    -- Rows that moved away would still be walked over, until a vacuum.
    if moved and not exists (select from public.decisions_default) then
        truncate public.decisions_default;
    end if;
end
$$;
revoke all on function keep_decisions(timestamptz, integer) from public;
grant execute on function keep_decisions(timestamptz, integer) to mnetifi_system;

-- Nobody has said yet how long they are kept; the server says so when it starts.
select keep_decisions(now(), 400);
