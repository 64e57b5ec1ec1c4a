-- Devices that have begun sessions. News is what a node that keeps addresses in memory must hear of: a device that this
-- right did not know, or that comes back after its place was freed.
insert into devices (tenant_id, holder_id, holder_kind, device, first_seen_at, last_seen_at)
select $1, seen.holder_id, min(seen.holder_kind), seen.device, min(seen.at), max(seen.at)
from unnest($2::uuid[], $3::text[], $4::text[], $5::timestamptz[]) as seen (holder_id, holder_kind, device, at)
group by seen.holder_id, seen.device
order by seen.holder_id, seen.device collate "C"
on conflict (tenant_id, holder_id, device) do update
set last_seen_at = greatest(devices.last_seen_at, excluded.last_seen_at)
returning
    holder_id,
    device,
    xmax = 0 as "is_new!",
    xmax = 0 or released_at is not null as "is_news!"
