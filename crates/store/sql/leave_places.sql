-- Leaves the places of ended sessions to other sessions of the same device that live on the same right. Who was reported
-- ends those that were last heard of before it began: a router lost power, and the device logged in again. Who was never
-- reported says nothing about the others.
update slots p
set session_id = heir.id, lease_until = heir.lease_until
from (
    select distinct on (o.holder_id, o.slot_no) o.holder_id, o.slot_no, s.id, s.lease_until
    from slots o
    join sessions e on e.tenant_id = $1 and e.id = o.session_id
    join sessions s on s.tenant_id = $1 and s.holder_id = o.holder_id and s.device = o.device
    where o.tenant_id = $1
      and o.session_id = any($2)
      and s.ended_at is null
      and s.id <> all($2)
      and (e.acct_session_id is null or s.last_heard_at >= e.started_at)
    order by o.holder_id, o.slot_no, s.lease_until desc
) heir
where p.tenant_id = $1 and p.holder_id = heir.holder_id and p.slot_no = heir.slot_no
