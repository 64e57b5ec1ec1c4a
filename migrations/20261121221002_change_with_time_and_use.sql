-- Why: a plan may have other speeds at some times of the week and after so much data, and data that begins anew each
-- day, week or month. So what was used must be known by the hour, in the tenant's zone.
--
-- Windows and steps are lists of texts, as people write them (`mon-fri 22:00-06:00 10M/20M`, `10GB/day 1M/2M`): they are
-- read as a whole with their revision and never searched, and one spelling serves the table and the command line.
alter table plan_revisions
    add speed_windows text[] not null default '{}'
        check (cardinality(speed_windows) <= 16 and array_position(speed_windows, null) is null),
    add fair_use text[] not null default '{}'
        check (cardinality(fair_use) <= 16 and array_position(fair_use, null) is null),
    add data_window text check (data_window in ('day', 'week', 'month')),
    add when_full text not null default 'refuse' check (when_full in ('refuse', 'newest_wins')),
    add check (data_window is null or data_cap_bytes is not null);

-- What a router was told of data is about a period, and must be told anew in the next one. Sessions move between the two
-- tables as they are: both have the same columns in the same order.
alter table sessions add told_data_since timestamptz;
alter table session_history add told_data_since timestamptz;

-- What was used, by the hour of the tenant's wall clock in which it was heard of: on which router, on which plan.
-- Written in the transaction that adds to usage_totals. `rolled_*`: how much of it is in usage_days already.
create table usage_hours (
    tenant_id uuid not null references tenants (id),
    holder_id uuid not null,
    hour timestamptz not null,
    nas_id uuid not null,
    plan_id uuid not null,
    holder_kind text not null check (holder_kind in ('voucher', 'subscriber')),
    in_octets bigint not null check (in_octets >= 0),
    out_octets bigint not null check (out_octets >= 0),
    rolled_in_octets bigint not null default 0 check (rolled_in_octets between 0 and in_octets),
    rolled_out_octets bigint not null default 0 check (rolled_out_octets between 0 and out_octets),
    is_rolled boolean not null default false,
    primary key (tenant_id, holder_id, hour, nas_id, plan_id)
) with (fillfactor = 80);
-- `is_rolled` stays as it is while an hour is running, so that its rows are changed in place.
create index usage_hours_not_rolled on usage_hours (tenant_id, hour) where not is_rolled;
create index usage_hours_by_hour on usage_hours (tenant_id, hour);

-- The same by the day, for each voucher, subscriber, plan and router, and for the tenant itself. Kept long.
create table usage_days (
    tenant_id uuid not null references tenants (id),
    kind text not null check (kind in ('voucher', 'subscriber', 'plan', 'router', 'tenant')),
    of_id uuid not null,
    day date not null,
    in_octets bigint not null check (in_octets >= 0),
    out_octets bigint not null check (out_octets >= 0),
    primary key (tenant_id, kind, of_id, day)
);

do $$
declare
    name text;
begin
    foreach name in array array['usage_hours', 'usage_days'] loop
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
grant select, insert, update, delete on usage_hours to mnetifi_tenant;
grant select, insert, update on usage_days to mnetifi_tenant;
