-- Why: customers, subscribers, staff and keys name zones, and a zone that is not there would hide them from everybody
-- who works in some zones alone. So each names zones of its own ISP that are there, and none is taken away that is named.
--
-- What names a zone that is gone already is in none from now on; somebody who works only in such zones stays in none.
alter table customers no force row level security;
alter table subscribers no force row level security;
alter table zones no force row level security;
update customers set zone_id = null
where zone_id is not null
  and not exists (select from zones z where z.tenant_id = customers.tenant_id and z.id = customers.zone_id);
update subscribers set zone_id = null
where zone_id is not null
  and not exists (select from zones z where z.tenant_id = subscribers.tenant_id and z.id = subscribers.zone_id);
alter table customers force row level security;
alter table subscribers force row level security;
alter table zones force row level security;
alter table customers add constraint customers_zone_fkey foreign key (tenant_id, zone_id) references zones (tenant_id, id);
alter table subscribers
    add constraint subscribers_zone_fkey foreign key (tenant_id, zone_id) references zones (tenant_id, id);

-- Staff and keys hold theirs in an array, which no foreign key can guard.
create function check_zones() returns trigger language plpgsql as $$
declare
    there bigint;
begin
    if new.zones is null then
        return new;
    end if;
    -- Held, so that none of them is taken away meanwhile.
    select count(*) into there
    from (select from zones z where z.tenant_id = new.tenant_id and z.id = any(new.zones) for key share) as held;
    if there <> (select count(distinct id) from unnest(new.zones) as id) then
        raise exception using
            errcode = 'foreign_key_violation',
            constraint = tg_table_name || '_zones_fkey',
            message = 'a zone is not there';
    end if;
    return new;
end
$$;
create trigger check_zones before insert or update of zones on staff for each row execute function check_zones();
create trigger check_zones before insert or update of zones on api_keys for each row execute function check_zones();

create function keep_zones_in_use() returns trigger language plpgsql as $$
begin
    if exists (select from staff s where s.tenant_id = old.tenant_id and old.id = any(s.zones))
        or exists (select from api_keys k where k.tenant_id = old.tenant_id and old.id = any(k.zones)) then
        raise exception using
            errcode = 'foreign_key_violation',
            constraint = 'staff_zones_fkey',
            message = 'somebody works in the zone';
    end if;
    return old;
end
$$;
create trigger keep_zones_in_use before delete on zones for each row execute function keep_zones_in_use();
