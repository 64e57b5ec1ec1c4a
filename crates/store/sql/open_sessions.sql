select
    id,
    nas_id,
    holder_kind,
    holder_id,
    user_name,
    device,
    service,
    acct_session_id,
    framed_ip,
    plan_id,
    plan_revision,
    interim_seconds,
    state,
    end_code,
    end_number,
    started_at as "started_at: Instant",
    last_heard_at as "last_heard_at: Instant",
    ended_at as "ended_at: Instant",
    lease_until as "lease_until: Instant",
    counted_in_octets,
    counted_out_octets,
    counted_in_packets,
    counted_out_packets,
    counted_seconds,
    last_in_octets,
    last_out_octets,
    last_in_packets,
    last_out_packets,
    last_seconds
from sessions
where tenant_id = $1 and ended_at is null and id > $2
order by id
limit $3
