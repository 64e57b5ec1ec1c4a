-- What these hours have that is not in the days yet, added to the days: of each voucher, subscriber, plan and router, and
-- of the tenant. What comes late is added the next time, so each octet is in the days once.
with due as (
    select
        u.holder_id,
        u.hour,
        u.nas_id,
        u.plan_id,
        u.holder_kind,
        d.day,
        u.in_octets - u.rolled_in_octets as more_in,
        u.out_octets - u.rolled_out_octets as more_out
    from usage_hours u
    join unnest($2::timestamptz[], $3::text[]) as d (hour, day) on d.hour = u.hour
    where u.tenant_id = $1 and not u.is_rolled
    order by u.holder_id, u.hour, u.nas_id, u.plan_id
    for update of u
),
marked as (
    update usage_hours u
    set rolled_in_octets = u.rolled_in_octets + due.more_in,
        rolled_out_octets = u.rolled_out_octets + due.more_out,
        is_rolled = true
    from due
    where u.tenant_id = $1
      and u.holder_id = due.holder_id
      and u.hour = due.hour
      and u.nas_id = due.nas_id
      and u.plan_id = due.plan_id
)
insert into usage_days as x (tenant_id, kind, of_id, day, in_octets, out_octets)
select
    $1,
    case
        when grouping(due.holder_id) = 0 then due.holder_kind
        when grouping(due.plan_id) = 0 then 'plan'
        when grouping(due.nas_id) = 0 then 'router'
        else 'tenant'
    end,
    coalesce(due.holder_id, due.plan_id, due.nas_id, $1),
    due.day::date,
    least(sum(due.more_in), 9223372036854775807)::bigint,
    least(sum(due.more_out), 9223372036854775807)::bigint
from due
group by grouping sets ((due.day, due.holder_kind, due.holder_id), (due.day, due.plan_id), (due.day, due.nas_id), (due.day))
order by 2, 3, 4
on conflict (tenant_id, kind, of_id, day) do update
set in_octets = least(x.in_octets::numeric + excluded.in_octets, 9223372036854775807)::bigint,
    out_octets = least(x.out_octets::numeric + excluded.out_octets, 9223372036854775807)::bigint
