select
    t.zone,
    t.calling_code,
    t.mac_login,
    t.suspended,
    t.suspended_pool,
    t.suspended_list,
    t.suspended_up_bps,
    t.suspended_down_bps,
    t.suspended_seconds,
    c.kind as "kind?",
    c.found_by as "found_by?",
    c.id as "id?",
    c.code as "code?",
    c.sell_by as "sell_by?: Instant",
    c.sold_at as "sold_at?: Instant",
    c.first_used_at as "first_used_at?: Instant",
    c.expires_at as "expires_at?: Instant",
    c.revoked_at as "revoked_at?: Instant",
    c.password_sealed as "password_sealed?",
    c.suspended_at as "suspended_at?: Instant",
    c.framed_ip as "framed_ip?",
    p.id as "plan_id?",
    p.name as "plan_name?",
    p.service as "plan_service?",
    r.revision as "revision?",
    r.rate_up_bps as "rate_up_bps?",
    r.rate_down_bps as "rate_down_bps?",
    r.burst_up_bps as "burst_up_bps?",
    r.burst_down_bps as "burst_down_bps?",
    r.threshold_up_bps as "threshold_up_bps?",
    r.threshold_down_bps as "threshold_down_bps?",
    r.burst_up_seconds as "burst_up_seconds?",
    r.burst_down_seconds as "burst_down_seconds?",
    r.priority as "priority?",
    r.minimum_up_bps as "minimum_up_bps?",
    r.minimum_down_bps as "minimum_down_bps?",
    r.device_cap as "device_cap?",
    r.duration_unit as "duration_unit?",
    r.duration_count as "duration_count?",
    r.anchor as "anchor?",
    r.data_cap_bytes as "data_cap_bytes?",
    r.pool as "pool?",
    r.address_list as "address_list?",
    r.speed_windows as "speed_windows?",
    r.fair_use as "fair_use?",
    r.data_window as "data_window?",
    r.when_full as "when_full?",
    r.price_minor as "price_minor?",
    r.price_currency as "price_currency?",
    u.in_octets as "in_octets?",
    u.out_octets as "out_octets?",
    s.numbers as "slot_numbers?",
    s.devices as "slot_devices?",
    s.leases as "slot_leases?: Vec<Instant>",
    m.blocked as "blocked?"
from tenants t
left join lateral (
    (
        select
            'voucher' as kind,
            'code' as found_by,
            0::bigint as turn,
            v.id,
            v.plan_id,
            v.code,
            v.sell_by,
            v.sold_at,
            v.first_used_at,
            v.expires_at,
            v.revoked_at,
            null::bytea as password_sealed,
            null::timestamptz as suspended_at,
            null::inet as framed_ip
        from vouchers v
        where v.tenant_id = $1 and v.code_folded = $2
    )
    union all
    (
        select
            'subscriber',
            null,
            0,
            b.id,
            b.plan_id,
            null,
            null,
            null,
            null,
            b.expires_at,
            null,
            b.password_sealed,
            b.suspended_at,
            b.framed_ip
        from subscribers b
        where b.tenant_id = $1 and b.username = $3
    )
    union all
    (
        -- Those that may still be used come first, so that a phone's old vouchers never hide its new one.
        select
            'voucher',
            'phone',
            row_number() over in_turn,
            v.id,
            v.plan_id,
            v.code,
            v.sell_by,
            v.sold_at,
            v.first_used_at,
            v.expires_at,
            v.revoked_at,
            null,
            null,
            null
        from vouchers v
        where v.tenant_id = $1 and v.bought_by = $4
        window in_turn as (order by (v.revoked_at is not null), v.expires_at desc nulls first, v.id desc)
        order by row_number() over in_turn
        limit $5
    )
    union all
    (
        select
            'voucher',
            'device',
            row_number() over (order by d.last_seen_at desc, v.id desc),
            v.id,
            v.plan_id,
            v.code,
            v.sell_by,
            v.sold_at,
            v.first_used_at,
            v.expires_at,
            v.revoked_at,
            null,
            null,
            null
        from (
            select k.holder_id, k.last_seen_at
            from devices k
            where k.tenant_id = $1
              and k.device = $6
              and k.holder_kind = 'voucher'
              and (k.released_at is null or k.last_seen_at > k.released_at)
            order by k.last_seen_at desc
            limit $7
        ) d
        join vouchers v on v.tenant_id = $1 and v.id = d.holder_id and v.revoked_at is null
        where t.mac_login
        order by v.expires_at desc nulls first, v.id desc
        limit $8
    )
) c on true
left join plans p on p.tenant_id = $1 and p.id = c.plan_id
left join plan_revisions r on r.tenant_id = $1 and r.plan_id = p.id and r.revision = p.current_revision
left join usage_totals u on u.tenant_id = $1 and u.holder_id = c.id
left join lateral (
    select
        array_agg(x.slot_no order by x.slot_no) as numbers,
        array_agg(x.device order by x.slot_no) as devices,
        array_agg(x.lease_until order by x.slot_no) as leases
    from slots x
    where x.tenant_id = $1 and x.holder_id = c.id
) s on true
left join lateral (
    select array_agg(y.device order by y.device) as blocked
    from devices y
    where y.tenant_id = $1 and y.holder_id = c.id and y.blocked_at is not null
) m on true
where t.id = $1
order by c.turn
