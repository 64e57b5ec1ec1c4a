-- The runs of a router that speak in the numbers of its open sessions (`domain::access::boot`).
select lower(left(s.acct_session_id, 3)) as "prefix!",
       count(*) as "sessions!",
       min(least(s.started_at, s.last_heard_at - s.last_seconds * interval '1 second')) as "began_at!: Instant",
       max(s.last_heard_at) as "last_heard_at!: Instant",
       max(lower(right(s.acct_session_id, 5))) as "highest!"
from sessions s
join nas n on n.tenant_id = $1 and n.id = s.nas_id
where s.tenant_id = $1
  and s.nas_id = $2
  and s.ended_at is null
  and s.acct_session_id ~ '^8[0-9a-fA-F]{7}$'
  and n.vendor = $3
group by 1
order by 1
