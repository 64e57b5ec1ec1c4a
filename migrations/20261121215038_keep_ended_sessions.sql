-- Why: ended sessions are kept for a year or more, and must not slow down those that live.
--
-- Sessions that ended some days ago move to `session_history`, a table of each month in which they began: an id is a
-- UUID of version 7, so it tells when. Whoever looks for a session looks in both. A record that comes late for one that
-- has moved brings it back first.
create table session_history (like sessions including constraints) partition by range (id);
alter table session_history
    add primary key (tenant_id, id),
    add constraint session_history_tenant_id_fkey foreign key (tenant_id) references tenants (id);
create index session_history_by_user on session_history (tenant_id, user_name, id);
create index session_history_by_holder on session_history (tenant_id, holder_id, id);
create index session_history_by_end on session_history (tenant_id, ended_at);
-- Whose ids tell no month that is foreseen.
create table session_history_other partition of session_history default;
alter table session_history enable row level security;
alter table session_history force row level security;
create policy own_rows on session_history to mnetifi_tenant
    using (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid)
    with check (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid);
alter table session_history_other enable row level security;
grant select, insert, delete on session_history to mnetifi_tenant;
grant delete on sessions to mnetifi_tenant;
create index sessions_ended on sessions (tenant_id, ended_at) where ended_at is not null;

-- How long raw sessions are kept, in days; roll-ups stay longer.
alter table tenants add session_days integer not null default 365 check (session_days between 90 and 1830);

-- The least id of version 7 of a moment.
create function first_id_of(moment timestamptz) returns uuid
language sql
immutable
as $$
    select (lpad(to_hex((extract(epoch from moment) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid
$$;

-- Makes the tables of this month and the next (in UTC), and lets go of those that are empty and over. The only way to
-- them; calling it again does no harm.
create function keep_session_months(now timestamptz) returns void
language plpgsql
security definer
set search_path = pg_catalog, public, pg_temp
set timezone = 'UTC'
set lock_timeout = '500ms'
as $$
declare
    month date;
    part text;
    is_empty boolean;
begin
    if keep_session_months.now not between timestamptz '2020-01-01' and timestamptz '9990-01-01' then
        return;
    end if;
    -- Another node is at it.
    if not pg_try_advisory_xact_lock(hashtextextended('keep_session_months', 0)) then
        return;
    end if;
    for month in
        select (date_trunc('month', keep_session_months.now) + make_interval(months => ahead))::date
        from generate_series(0, 1) ahead
    loop
        part := 'session_history_' || to_char(month, 'YYYYMM');
        if to_regclass('public.' || part) is null and not exists (
            select
            from session_history_other
            where id >= first_id_of(month) and id < first_id_of((month + interval '1 month')::date)
        ) then
            execute format(
                'create table public.%I partition of public.session_history for values from (%L) to (%L)',
                part, first_id_of(month), first_id_of((month + interval '1 month')::date)
            );
            execute format('alter table public.%I enable row level security', part);
        end if;
    end loop;
    for part in
        select c.relname
        from pg_inherits i
        join pg_class c on c.oid = i.inhrelid
        where i.inhparent = 'public.session_history'::regclass
          and c.relname ~ '^session_history_[0-9]{6}$'
          and to_date(right(c.relname, 6), 'YYYYMM') < (date_trunc('month', keep_session_months.now)
              - interval '4 months')::date
    loop
        execute format('select not exists (select from public.%I)', part) into is_empty;
        if is_empty then
            execute format('drop table public.%I', part);
        end if;
    end loop;
end
$$;
revoke all on function keep_session_months(timestamptz) from public;
grant execute on function keep_session_months(timestamptz) to mnetifi_system;
select keep_session_months(now());
