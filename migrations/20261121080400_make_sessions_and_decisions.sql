-- Why: who is online, on which place of the device cap, what they used, and why each request was answered as it was.
--
-- A holder is a voucher or a subscriber; its id is unique over both. The row of the holder is the lock over its slots.
create table slots (
    tenant_id uuid not null references tenants (id),
    holder_id uuid not null,
    slot_no integer not null check (slot_no between 1 and 1000),
    holder_kind text not null check (holder_kind in ('voucher', 'subscriber')),
    device text not null check (octet_length(device) <= 128),
    session_id uuid not null,
    lease_until timestamptz not null,
    primary key (tenant_id, holder_id, slot_no),
    constraint slots_device_key unique (tenant_id, holder_id, device)
);
create index slots_by_session on slots (tenant_id, session_id);

create table sessions (
    tenant_id uuid not null references tenants (id),
    id uuid not null,
    nas_id uuid not null,
    holder_kind text check (holder_kind in ('voucher', 'subscriber')),
    holder_id uuid,
    user_name text not null check (octet_length(user_name) <= 256),
    device text not null check (octet_length(device) <= 128),
    service text not null check (service in ('hotspot', 'ppp', 'unsaid')),
    acct_session_id text check (octet_length(acct_session_id) <= 128),
    framed_ip inet check (family(framed_ip) = 4 and masklen(framed_ip) = 32),
    plan_id uuid,
    plan_revision integer,
    interim_seconds integer check (interim_seconds > 0),
    state text not null check (state in ('granted', 'open', 'closed')),
    end_code text check (end_code in ('reported', 'nas_restarted', 'lease_ended')),
    end_number bigint check (end_number between 0 and 4294967295),
    started_at timestamptz not null,
    last_heard_at timestamptz not null,
    ended_at timestamptz,
    lease_until timestamptz not null,
    counted_in_octets bigint not null check (counted_in_octets >= 0),
    counted_out_octets bigint not null check (counted_out_octets >= 0),
    counted_in_packets bigint not null check (counted_in_packets >= 0),
    counted_out_packets bigint not null check (counted_out_packets >= 0),
    counted_seconds bigint not null check (counted_seconds >= 0),
    last_in_octets bigint not null check (last_in_octets >= 0),
    last_out_octets bigint not null check (last_out_octets >= 0),
    last_in_packets bigint not null check (last_in_packets >= 0),
    last_out_packets bigint not null check (last_out_packets >= 0),
    last_seconds bigint not null check (last_seconds >= 0),
    primary key (tenant_id, id),
    foreign key (tenant_id, nas_id) references nas (tenant_id, id),
    foreign key (tenant_id, plan_id, plan_revision) references plan_revisions (tenant_id, plan_id, revision),
    check (num_nulls(holder_kind, holder_id) in (0, 2)),
    check (num_nulls(plan_id, plan_revision) in (0, 2)),
    check ((state = 'closed') = (ended_at is not null)),
    check ((state = 'closed') = (end_code is not null))
);
-- Two records about one session can be taken in at the same moment; only one of them may begin it.
create unique index sessions_open_report_key on sessions (tenant_id, nas_id, acct_session_id, user_name, device)
    where ended_at is null and acct_session_id is not null;
create index sessions_by_report on sessions (tenant_id, nas_id, acct_session_id, user_name);
create index sessions_granted on sessions (tenant_id, nas_id, user_name) where state = 'granted';
create index sessions_by_lease on sessions (tenant_id, lease_until) where ended_at is null;
create index sessions_by_user on sessions (tenant_id, user_name, id);
create index sessions_online on sessions (tenant_id, id) where ended_at is null;

create table usage_totals (
    tenant_id uuid not null references tenants (id),
    holder_id uuid not null,
    holder_kind text not null check (holder_kind in ('voucher', 'subscriber')),
    in_octets bigint not null check (in_octets >= 0),
    out_octets bigint not null check (out_octets >= 0),
    primary key (tenant_id, holder_id)
);

create table decisions (
    tenant_id uuid not null references tenants (id),
    id uuid not null,
    trace text not null check (trace ~ '^[0-9A-HJKMNP-TV-Z]{6}$'),
    at timestamptz not null,
    nas_id uuid not null,
    user_name text not null check (octet_length(user_name) <= 256),
    device text not null check (octet_length(device) <= 128),
    service text not null check (octet_length(service) <= 32),
    method text not null check (octet_length(method) <= 32),
    holder_kind text check (holder_kind in ('voucher', 'subscriber')),
    holder_id uuid,
    session_id uuid,
    refusal text check (octet_length(refusal) <= 32),
    trail text[] not null check (cardinality(trail) <= 64),
    policy_version integer not null check (policy_version >= 0),
    granted text not null check (char_length(granted) <= 4000),
    primary key (tenant_id, id),
    foreign key (tenant_id, nas_id) references nas (tenant_id, id),
    check (num_nulls(holder_kind, holder_id) in (0, 2))
);
create index decisions_by_trace on decisions (tenant_id, trace, at desc);
create index decisions_by_user on decisions (tenant_id, user_name, at desc);
-- A person reads a trace code to the operator without knowing whose customer they are.
create index decisions_by_trace_of_all on decisions (trace, at desc);

do $$
declare
    name text;
begin
    foreach name in array array['slots', 'sessions', 'usage_totals', 'decisions'] loop
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
grant select, insert, update, delete on slots to mnetifi_tenant;
grant select, insert, update on sessions, usage_totals to mnetifi_tenant;
grant select, insert on decisions to mnetifi_tenant;

create policy every_row on sessions for select to mnetifi_system using (true);
create policy every_row on decisions for select to mnetifi_system using (true);
grant select (tenant_id, state, ended_at) on sessions to mnetifi_system;
grant select on decisions to mnetifi_system;
