-- Why: a row and five index entries for each answer cost more than the answer. Blocks of many records cost little.
--
-- What was kept of answers before goes with its table: nobody has asked for a way to keep it, and it holds no money.
-- A program from before cannot write decisions to this shape: stop every node, then start the new one.
drop table decisions;
drop function keep_decisions(timestamptz, integer);

-- How far each node's log is in the database. Written with the blocks themselves, so each record is in one of them once.
create table decision_logs (
    node_id uuid primary key,
    saved bigint not null check (saved >= 0),
    saved_at timestamptz not null
);
grant select, insert, update on decision_logs to mnetifi_system;

-- Records of one tenant, one node and one day (in UTC), packed by the program.
create table decision_blocks (
    tenant_id uuid not null references tenants (id),
    node_id uuid not null,
    -- Tells the blocks of a node apart; later ones have higher numbers.
    number bigint not null,
    first_at timestamptz not null,
    last_at timestamptz not null,
    records integer not null check (records > 0),
    refused integer not null check (refused between 0 and records),
    -- Whether it stays as it is: it is full enough, or cannot be read.
    settled boolean not null,
    filter bytea not null check (octet_length(filter) > 0 and octet_length(filter) % 64 = 0),
    octets bytea not null check (octet_length(octets) <= 33554432),
    primary key (tenant_id, last_at, node_id, number),
    check (first_at <= last_at)
) partition by range (last_at);
-- They are packed already; and one line of a filter is read without the rest.
alter table decision_blocks alter column filter set storage external;
alter table decision_blocks alter column octets set storage external;
create index decision_blocks_growing on decision_blocks (tenant_id, node_id, number) where not settled;

create table decision_blocks_default (like decision_blocks including defaults including constraints including storage);
alter table decision_blocks_default enable row level security;
alter table decision_blocks attach partition decision_blocks_default default;

alter table decision_blocks enable row level security;
alter table decision_blocks force row level security;
create policy own_rows on decision_blocks for select to mnetifi_tenant
    using (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid);
-- The log of a node holds all its tenants' records, and is saved in one go.
create policy every_row on decision_blocks to mnetifi_system using (true) with check (true);
grant select on decision_blocks to mnetifi_tenant;
grant select, insert, update, delete on decision_blocks to mnetifi_system;

-- Whether a block may hold all of some marks. `places` says which line of the filter each has, in parts of 2^32;
-- `bits` are six for each, of the 512 of that line.
create function decision_filter_holds(filter bytea, places bigint[], bits integer[]) returns boolean
language plpgsql
immutable strict parallel safe
as $$
declare
    lines constant bigint := octet_length(filter) / 64;
    line bytea;
begin
    for mark in 1 .. cardinality(places) loop
        line := substring(filter from (((places[mark] * lines) >> 32) * 64 + 1)::integer for 64);
        for bit in mark * 6 - 5 .. mark * 6 loop
            if get_bit(line, bits[bit]) = 0 then
                return false;
            end if;
        end loop;
    end loop;
    return true;
end
$$;

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
-- Those who save records wait behind us, so rather try again later.
set lock_timeout = '500ms'
as $$
declare
    today constant date := keep_decisions.now::date;
    oldest constant date := (keep_decisions.now - make_interval(days => keep_decisions.days))::date;
    foreseen constant boolean := to_regclass('public.decision_blocks_' || to_char(today, 'YYYYMMDD')) is not null;
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
          and i.inhparent = 'public.decision_blocks'::regclass
          and c.relname ~ '^decision_blocks_[0-9]{8}$'
          and to_date(right(c.relname, 8), 'YYYYMMDD') < oldest
        order by c.relname
    loop
        execute format('drop table public.%I', part);
    end loop;
    delete from public.decision_blocks_default where foreseen and last_at < oldest;
    for day in
        select today + ahead from generate_series(0, 3) ahead
        union
        select last_at::date
        from public.decision_blocks_default
        where last_at >= oldest and last_at < today + 4 -- with those of missed days
        order by 1
    loop
        part := 'decision_blocks_' || to_char(day, 'YYYYMMDD');
        continue when to_regclass('public.' || part) is not null;
        -- Before its rows move, so that no other comes in behind them.
        lock table public.decision_blocks_default in access exclusive mode;
        execute format(
            'create table public.%I (like public.decision_blocks including defaults including constraints'
            ' including storage)',
            part
        );
        execute format('alter table public.%I enable row level security', part);
        execute format(
            'with moved as (delete from public.decision_blocks_default where last_at >= %1$L and last_at < %2$L'
            ' returning *) insert into public.%3$I select * from moved',
            day, day + 1, part
        );
        execute format(
            'alter table public.decision_blocks attach partition public.%I for values from (%L) to (%L)',
            part, day, day + 1
        );
        moved := true;
    end loop;
    -- Rows that moved away would still be walked over, until a vacuum.
    if moved and not exists (select from public.decision_blocks_default) then
        truncate public.decision_blocks_default;
    end if;
end
$$;
revoke all on function keep_decisions(timestamptz, integer) from public;
grant execute on function keep_decisions(timestamptz, integer) to mnetifi_system;

-- Nobody has said yet how long they are kept; the server says so when it starts.
select keep_decisions(now(), 400);
