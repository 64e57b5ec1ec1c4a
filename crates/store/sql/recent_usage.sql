-- Hours are kept longer than the longest month.
select
    t.holder_id,
    t.in_octets,
    t.out_octets,
    least(coalesce(h.day, 0), 9223372036854775807)::bigint as "day!",
    least(coalesce(h.week, 0), 9223372036854775807)::bigint as "week!",
    least(coalesce(h.month, 0), 9223372036854775807)::bigint as "month!"
from usage_totals t
left join lateral (
    select
        sum(u.in_octets::numeric + u.out_octets) filter (where u.hour >= $3) as day,
        sum(u.in_octets::numeric + u.out_octets) filter (where u.hour >= $4) as week,
        sum(u.in_octets::numeric + u.out_octets) filter (where u.hour >= $5) as month
    from usage_hours u
    where u.tenant_id = $1
      and u.holder_id = t.holder_id
      and u.hour >= least($3::timestamptz, $4::timestamptz, $5::timestamptz)
) h on true
where t.tenant_id = $1 and t.holder_id = any($2)
