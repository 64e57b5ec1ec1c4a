-- For each report the session it speaks of: the open one that it named before; else a closed one that had not ended
-- when the reported one began (a repeated Stop, a late interim) or that had only just been stopped (a repeated Start);
-- else the newest that was granted and never reported.
select k.place as "place!", found.id as "id!"
from unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::timestamptz[], $7::timestamptz[])
    with ordinality as k (nas_id, acct_session_id, user_name, device, began_at, repeats_since, place)
cross join lateral (
    (
        select s.id, case when s.ended_at is null then 1 else 2 end as choice, s.started_at
        from sessions s
        where s.tenant_id = $1
          and s.nas_id = k.nas_id
          and s.acct_session_id = k.acct_session_id
          and s.user_name = k.user_name
          and s.device = k.device
          and (
              s.ended_at is null
              or s.ended_at >= k.began_at
              or (s.end_code = 'reported' and s.ended_at >= k.repeats_since)
          )
    )
    union all
    (
        select s.id, 3, s.started_at
        from sessions s
        where s.tenant_id = $1
          and s.nas_id = k.nas_id
          and s.user_name = k.user_name
          and s.device = k.device
          and s.state = 'granted'
          and s.acct_session_id is null
    )
    order by choice, started_at desc
    limit 1
) found
order by k.place
