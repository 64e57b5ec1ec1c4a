-- Why: people who are online through a router that was retired, or whose last certificate was taken back, are to be cut.
-- `distrusted_at`: sessions that began there until then are to end; what the router begins later it has proven anew.
alter table nas add distrusted_at timestamptz;

-- How such a session ends, whatever its router says of it.
alter table sessions drop constraint sessions_end_code_check;
alter table sessions add constraint sessions_end_code_check
    check (end_code in ('reported', 'nas_restarted', 'lease_ended', 'cut', 'router_gone'));
alter table session_history drop constraint sessions_end_code_check;
alter table session_history add constraint sessions_end_code_check
    check (end_code in ('reported', 'nas_restarted', 'lease_ended', 'cut', 'router_gone'));
grant select (cut_why) on sessions to mnetifi_system;

-- `router`: one was taken out of use, or may not be trusted any more.
alter table changes drop constraint changes_kind_check;
alter table changes add constraint changes_kind_check
    check (kind in ('voucher', 'subscriber', 'plan', 'tenant', 'all', 'session', 'device', 'router'));

create function note_routers_gone() returns trigger language plpgsql as $$
begin
    insert into public.changes (tenant_id, kind, id) values (new.tenant_id, 'router', new.id);
    return null;
end
$$;
create trigger note_gone after update of retired_at, distrusted_at on nas for each row
    when (old.retired_at is distinct from new.retired_at or old.distrusted_at is distinct from new.distrusted_at)
    execute function note_routers_gone();

-- The worker looks after the exceptions of those tenants alone that have any open.
create policy every_row on exceptions for select to mnetifi_system using (true);
grant select (tenant_id, resolved_at) on exceptions to mnetifi_system;
