select
    p.id as plan_id,
    r.revision,
    p.name,
    p.service,
    r.rate_up_bps,
    r.rate_down_bps,
    r.burst_up_bps,
    r.burst_down_bps,
    r.threshold_up_bps,
    r.threshold_down_bps,
    r.burst_up_seconds,
    r.burst_down_seconds,
    r.priority,
    r.minimum_up_bps,
    r.minimum_down_bps,
    r.device_cap,
    r.duration_unit,
    r.duration_count,
    r.anchor,
    r.data_cap_bytes,
    r.pool,
    r.address_list,
    r.speed_windows,
    r.fair_use,
    r.data_window,
    r.when_full,
    r.price_minor,
    r.price_currency
from plans p
join plan_revisions r on r.tenant_id = p.tenant_id and r.plan_id = p.id
where p.tenant_id = $1
  and p.id = $2
  and r.revision = $3
