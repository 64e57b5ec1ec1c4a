-- Why: the program logs in as a role that can read nothing; each transaction takes the role of its door.
--
-- mnetifi_tenant  one tenant's rows, under row-level security
-- mnetifi_system  the few tables that serve all tenants: routers, keys, what the operator may look up
-- mnetifi_app     the login; a member of both that inherits from neither
--
-- Roles belong to the whole cluster, so another database, or another migration at this moment, may have made them.
do $$
declare
    wanted record;
begin
    for wanted in
        select *
        from (values
            ('mnetifi_tenant', 'nologin noinherit'),
            ('mnetifi_system', 'nologin noinherit'),
            ('mnetifi_app', 'login noinherit')
        ) as role (name, options)
    loop
        if not exists (select from pg_roles where rolname = wanted.name) then
            begin
                execute format('create role %I %s', wanted.name, wanted.options);
            exception
                when duplicate_object or unique_violation then null;
            end;
        end if;
    end loop;
end
$$;

-- The login may take either role, and so may whoever migrates: a hosted database often gives us one user for all.
do $$
declare
    door text;
    -- Since PostgreSQL 16 a member may be one that cannot take the role; whoever makes a role is such a member.
    may_take text := case when current_setting('server_version_num')::integer >= 160000 then 'set' else 'member' end;
    only_taken text := case when may_take = 'set' then ' with inherit false, set true' else '' end;
begin
    foreach door in array array['mnetifi_tenant', 'mnetifi_system'] loop
        if not pg_has_role('mnetifi_app', door, may_take) then
            begin
                execute format('grant %I to mnetifi_app', door);
            exception
                -- Two migrations at once, in two databases: the other one has granted it.
                when unique_violation or internal_error then null;
            end;
        end if;
        if not pg_has_role(current_user, door, may_take) then
            execute format('grant %I to %I', door, current_user) || only_taken;
        end if;
    end loop;
end
$$;

-- The program tells a newer database from its own by this table, which the migrator has just made.
grant select on _sqlx_migrations to mnetifi_system;
