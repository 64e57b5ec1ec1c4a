-- Rows are locked in the order of their keys; sums are made in `numeric`, where they cannot overflow. The plan is the one
-- that the holder is on now; a holder that is gone has none.
insert into usage_hours as u (tenant_id, holder_id, hour, nas_id, plan_id, holder_kind, in_octets, out_octets)
select
    $1,
    s.id,
    s.hour,
    s.nas_id,
    coalesce(v.plan_id, b.plan_id, '00000000-0000-0000-0000-000000000000'),
    s.kind,
    least(sum(s.in_octets), 9223372036854775807)::bigint,
    least(sum(s.out_octets), 9223372036854775807)::bigint
from unnest($2::uuid[], $3::text[], $4::timestamptz[], $5::uuid[], $6::bigint[], $7::bigint[])
    as s (id, kind, hour, nas_id, in_octets, out_octets)
left join vouchers v on v.tenant_id = $1 and v.id = s.id
left join subscribers b on b.tenant_id = $1 and b.id = s.id
group by s.id, s.kind, s.hour, s.nas_id, v.plan_id, b.plan_id
order by 2, 3, 4, 5
on conflict (tenant_id, holder_id, hour, nas_id, plan_id) do update
set in_octets = least(u.in_octets::numeric + excluded.in_octets, 9223372036854775807)::bigint,
    out_octets = least(u.out_octets::numeric + excluded.out_octets, 9223372036854775807)::bigint,
    is_rolled = false
