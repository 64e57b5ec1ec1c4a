-- Why: several nodes share one database, and each must know whether it is the only one before it may trust its memory.
--
-- Nothing here is a tenant's. How the columns are used: radiusd/src/standing/machine.rs.

-- One row for each node that ever came. The id is the data directory's, the run is the process's.
--
-- A node counts as silent when its `beat` has stood still for long enough on the clock of whoever looks; the times are
-- the database's and serve people only.
create table nodes (
    id uuid primary key,
    run uuid not null,
    name text not null check (char_length(name) between 1 and 100),
    version text not null check (char_length(version) between 1 and 50),
    beat bigint not null check (beat >= 1),
    claim text not null check (claim in ('waiting', 'shared', 'alone', 'gone', 'lost')),
    standing text not null check (standing in ('settling', 'alone', 'shared', 'away')),
    started_at timestamptz not null default clock_timestamp(),
    seen_at timestamptz not null default clock_timestamp()
);

-- Goes up with every change of a claim, so that whoever decided on an older picture finds out.
create table node_board (
    id boolean primary key default true check (id),
    version bigint not null
);
insert into node_board (version) values (1);

-- Who does what only one node needs to do. A lease that is over may be taken by any node.
create table duty_leases (
    duty text primary key check (duty ~ '^[a-z_]{1,50}$'),
    node_id uuid not null references nodes (id),
    until_at timestamptz not null
);

-- What each node went through while it could not reach the database; written when it was over.
create table node_outages (
    node_id uuid not null references nodes (id),
    began_at timestamptz not null,
    ended_at timestamptz not null check (ended_at >= began_at),
    why text not null check (char_length(why) <= 300),
    accepted bigint not null check (accepted >= 0),
    refused bigint not null check (refused >= 0),
    unanswered bigint not null check (unanswered >= 0),
    records_waiting bigint not null check (records_waiting >= 0),
    primary key (node_id, began_at)
);

alter table nodes enable row level security;
alter table nodes force row level security;
alter table node_board enable row level security;
alter table node_board force row level security;
alter table duty_leases enable row level security;
alter table duty_leases force row level security;
alter table node_outages enable row level security;
alter table node_outages force row level security;
create policy every_row on nodes to mnetifi_system using (true) with check (true);
create policy every_row on node_board to mnetifi_system using (true) with check (true);
create policy every_row on duty_leases to mnetifi_system using (true) with check (true);
create policy every_row on node_outages to mnetifi_system using (true) with check (true);
grant select, insert, update, delete on nodes, duty_leases, node_outages to mnetifi_system;
grant select, update on node_board to mnetifi_system;

-- Ends what a lost node still has open here, so that nothing of it is committed after others have taken over. Its
-- connections carry its id in their name. Returns how many were ended; fewer when the owner may not end them.
create function end_connections_of(node uuid) returns integer
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    ended integer := 0;
    process integer;
begin
    for process in
        select pid from pg_stat_activity
        where datname = current_database()
          and application_name = 'mnetifi ' || end_connections_of.node
          and pid <> pg_backend_pid()
    loop
        begin
            if pg_terminate_backend(process) then
                ended := ended + 1;
            end if;
        exception
            when insufficient_privilege then null;
        end;
    end loop;
    return ended;
end
$$;
revoke all on function end_connections_of(uuid) from public;
grant execute on function end_connections_of(uuid) to mnetifi_system;
