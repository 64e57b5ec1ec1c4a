update sessions s
set plan_id = case when a.plan_id is null then s.plan_id else a.plan_id end,
    plan_revision = case when a.plan_id is null then s.plan_revision else a.plan_revision end,
    told_speed = case when a.plan_id is null then s.told_speed else a.told_speed end,
    told_until = case when a.plan_id is null then s.told_until else a.told_until end,
    told_ip = case when a.plan_id is null then s.told_ip else a.told_ip end,
    told_data_since = case when a.plan_id is null then s.told_data_since else a.told_data_since end,
    look_at = a.look_at,
    tries = a.tries,
    has_refused = a.has_refused,
    last_answer = a.answer,
    cut_at = coalesce(a.cut_at, s.cut_at),
    cut_why = coalesce(a.cut_why, s.cut_why)
from (
    select *
    from unnest(
        $2::uuid[],
        $3::uuid[],
        $4::integer[],
        $5::integer[],
        $6::timestamptz[],
        $7::inet[],
        $8::timestamptz[],
        $9::integer[],
        $10::boolean[],
        $11::text[],
        $12::timestamptz[],
        $13::text[],
        $14::timestamptz[]
    ) as a (
        id,
        plan_id,
        plan_revision,
        told_speed,
        told_until,
        told_ip,
        look_at,
        tries,
        has_refused,
        answer,
        cut_at,
        cut_why,
        told_data_since
    )
    order by id
) a
where s.tenant_id = $1 and s.id = a.id
