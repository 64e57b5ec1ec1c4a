-- Why: what a router was told at login is history the moment a plan, a voucher or a subscriber changes. Convergence
-- looks at live sessions again, and must know what their routers were told last and when to look.
--
-- `told_*` with plan_id and plan_revision: what the router was told last. They are written when a session begins, and by
-- convergence; what is heard of a session never changes them. `look_at`: when to look next; a session that begins is
-- looked at at once. `cut_at`: its router has confirmed that it ended it, or does not know it: whoever keeps sessions
-- ends it here too, unless the router speaks of it later than that.
alter table sessions
    add told_speed smallint not null default 0 check (told_speed between 0 and 255),
    add told_until timestamptz,
    add told_ip inet check (family(told_ip) = 4 and masklen(told_ip) = 32),
    add heard_from inet,
    add look_at timestamptz default now(),
    add tries smallint not null default 0 check (tries >= 0),
    add has_refused boolean not null default false,
    add last_answer text check (char_length(last_answer) <= 200),
    add cut_at timestamptz,
    add cut_why text check (octet_length(cut_why) <= 32);
alter table sessions drop constraint sessions_end_code_check;
alter table sessions add constraint sessions_end_code_check
    check (end_code in ('reported', 'nas_restarted', 'lease_ended', 'cut'));
create index sessions_to_look_at on sessions (look_at) where ended_at is null;
create index sessions_cut on sessions (tenant_id, id) where ended_at is null and cut_at is not null;
create index sessions_by_holder on sessions (tenant_id, holder_id) where ended_at is null;
grant select (id, holder_kind, holder_id, look_at, cut_at, last_heard_at) on sessions to mnetifi_system;

-- The total at which something changes for a holder: a cap, a slower step. Whoever adds usage past it wakes convergence.
alter table usage_totals add look_at_octets bigint check (look_at_octets >= 0);

-- What the staff must see: money or access that needs a person. Resolved by hand, or by itself once it is no more.
create table exceptions (
    tenant_id uuid not null references tenants (id),
    id uuid not null,
    kind text not null check (kind ~ '^[a-z_]{1,40}$'),
    about text not null check (octet_length(about) <= 128),
    nas_id uuid,
    session_id uuid,
    holder_kind text check (holder_kind in ('voucher', 'subscriber')),
    holder_id uuid,
    what text not null check (char_length(what) between 1 and 500),
    opened_at timestamptz not null,
    seen_at timestamptz not null,
    times integer not null default 1 check (times >= 1),
    resolved_at timestamptz,
    resolution text check (char_length(resolution) <= 500),
    primary key (tenant_id, id),
    foreign key (tenant_id, nas_id) references nas (tenant_id, id),
    check (num_nulls(holder_kind, holder_id) in (0, 2)),
    check (num_nulls(resolved_at, resolution) in (0, 2))
);
-- The same trouble is one row, however often it is met.
create unique index exceptions_open_key on exceptions (tenant_id, kind, about) where resolved_at is null;
create index exceptions_by_time on exceptions (tenant_id, id) where resolved_at is null;
alter table exceptions enable row level security;
alter table exceptions force row level security;
create policy own_rows on exceptions to mnetifi_tenant
    using (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid)
    with check (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid);
grant select, insert, update on exceptions to mnetifi_tenant;
