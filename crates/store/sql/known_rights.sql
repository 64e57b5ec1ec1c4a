-- Vouchers and subscribers by names and by ids, each as often as it was found. What a phone number finds comes in the
-- order in which it is tried: those that may still be used first, so that old vouchers never hide a new one. What a
-- device's address finds comes by when the device used it, the last one first, unless the ISP does not want that.
select
    f.found_by as "found_by!",
    f.id as "id!",
    f.plan_id as "plan_id!",
    f.code,
    f.bought_by,
    f.sell_by as "sell_by: Instant",
    f.sold_at as "sold_at: Instant",
    f.first_used_at as "first_used_at: Instant",
    f.expires_at as "expires_at: Instant",
    f.revoked_at as "revoked_at: Instant",
    f.username,
    f.password_sealed,
    f.suspended_at as "suspended_at: Instant",
    f.framed_ip,
    u.in_octets as "in_octets?",
    u.out_octets as "out_octets?",
    s.numbers as "place_numbers?",
    s.devices as "place_devices?",
    s.sessions as "place_sessions?",
    s.leases as "place_leases?: Vec<Instant>",
    f.address,
    m.devices as "marked_devices?",
    m.blocked as "marked_blocked?",
    m.released as "marked_released?: Vec<Option<Instant>>"
from (
    (
        select
            'code' as found_by,
            0::bigint as turn,
            v.id,
            v.plan_id,
            v.code,
            v.bought_by,
            v.sell_by,
            v.sold_at,
            v.first_used_at,
            v.expires_at,
            v.revoked_at,
            null as username,
            null::bytea as password_sealed,
            null::timestamptz as suspended_at,
            null::inet as framed_ip,
            null as address
        from vouchers v
        where v.tenant_id = $1 and v.code_folded = any($2)
    )
    union all
    (
        select
            'id', 0, v.id, v.plan_id, v.code, v.bought_by, v.sell_by, v.sold_at, v.first_used_at, v.expires_at,
            v.revoked_at, null, null, null, null, null
        from vouchers v
        where v.tenant_id = $1 and v.id = any($5)
    )
    union all
    (
        select
            'username', 0, b.id, b.plan_id, null, null, null, null, null, b.expires_at,
            null, b.username, b.password_sealed, b.suspended_at, b.framed_ip, null
        from subscribers b
        where b.tenant_id = $1 and b.username = any($3)
    )
    union all
    (
        select
            'id', 0, b.id, b.plan_id, null, null, null, null, null, b.expires_at,
            null, b.username, b.password_sealed, b.suspended_at, b.framed_ip, null
        from subscribers b
        where b.tenant_id = $1 and b.id = any($5)
    )
    union all
    (
        select
            'phone', p.turn, p.id, p.plan_id, p.code, p.bought_by, p.sell_by, p.sold_at, p.first_used_at, p.expires_at,
            p.revoked_at, null, null, null, null, null
        from unnest($4::text[]) as asked (phone)
        cross join lateral (
            select
                row_number() over in_turn as turn,
                v.id,
                v.plan_id,
                v.code,
                v.bought_by,
                v.sell_by,
                v.sold_at,
                v.first_used_at,
                v.expires_at,
                v.revoked_at
            from vouchers v
            where v.tenant_id = $1 and v.bought_by = asked.phone
            window in_turn as (order by (v.revoked_at is not null), v.expires_at desc nulls first, v.id desc)
            order by turn
            limit $6
        ) p
    )
    union all
    (
        select
            'device', p.turn, p.id, p.plan_id, p.code, p.bought_by, p.sell_by, p.sold_at, p.first_used_at, p.expires_at,
            p.revoked_at, null, null, null, null, asked.address
        from unnest($7::text[]) as asked (address)
        cross join lateral (
            select row_number() over (order by c.last_seen_at desc, c.id desc) as turn, c.*
            from (
                select
                    d.last_seen_at,
                    v.id,
                    v.plan_id,
                    v.code,
                    v.bought_by,
                    v.sell_by,
                    v.sold_at,
                    v.first_used_at,
                    v.expires_at,
                    v.revoked_at
                from (
                    select k.holder_id, k.last_seen_at
                    from devices k
                    where k.tenant_id = $1
                      and k.device = asked.address
                      and k.holder_kind = 'voucher'
                      and (k.released_at is null or k.last_seen_at > k.released_at)
                    order by k.last_seen_at desc
                    limit $8
                ) d
                join vouchers v on v.tenant_id = $1 and v.id = d.holder_id and v.revoked_at is null
                order by v.expires_at desc nulls first, v.id desc
                limit $9
            ) c
        ) p
        where exists (select from tenants t where t.id = $1 and t.mac_login)
    )
) f
-- Row by row, by key: with a guess of many names the planner would read whole tables.
left join lateral (
    select t.in_octets, t.out_octets
    from usage_totals t
    where t.tenant_id = $1 and t.holder_id = f.id
    limit 1
) u on true
left join lateral (
    select
        array_agg(x.slot_no order by x.slot_no) as numbers,
        array_agg(x.device order by x.slot_no) as devices,
        array_agg(x.session_id order by x.slot_no) as sessions,
        array_agg(x.lease_until order by x.slot_no) as leases
    from slots x
    where x.tenant_id = $1 and x.holder_id = f.id
) s on true
left join lateral (
    select
        array_agg(y.device order by y.device) as devices,
        array_agg(y.blocked_at is not null order by y.device) as blocked,
        array_agg(y.released_at order by y.device) as released
    from devices y
    where y.tenant_id = $1 and y.holder_id = f.id and (y.blocked_at is not null or y.released_at is not null)
) m on true
order by f.turn
