select
    id as "id!",
    nas_id as "nas_id!",
    holder_kind,
    holder_id,
    user_name as "user_name!",
    device as "device!",
    service as "service!",
    acct_session_id,
    framed_ip,
    plan_id,
    plan_revision,
    told_speed as "told_speed!",
    told_until as "told_until: Instant",
    told_ip,
    told_data_since as "told_data_since: Instant",
    heard_from,
    interim_seconds,
    state as "state!",
    end_code,
    end_number,
    started_at as "started_at!: Instant",
    last_heard_at as "last_heard_at!: Instant",
    ended_at as "ended_at: Instant",
    lease_until as "lease_until!: Instant",
    counted_in_octets as "counted_in_octets!",
    counted_out_octets as "counted_out_octets!",
    counted_in_packets as "counted_in_packets!",
    counted_out_packets as "counted_out_packets!",
    counted_seconds as "counted_seconds!",
    last_in_octets as "last_in_octets!",
    last_out_octets as "last_out_octets!",
    last_in_packets as "last_in_packets!",
    last_out_packets as "last_out_packets!",
    last_seconds as "last_seconds!"
from (
    select * from sessions where tenant_id = $1 and id = any($2)
    union all
    -- One that came to life again is newer there.
    select * from session_history h
    where h.tenant_id = $1
      and h.id = any($2)
      and not exists (select from sessions s where s.tenant_id = $1 and s.id = h.id)
) kept
order by id desc
