insert into plan_revisions (
    tenant_id,
    plan_id,
    revision,
    rate_up_bps,
    rate_down_bps,
    burst_up_bps,
    burst_down_bps,
    threshold_up_bps,
    threshold_down_bps,
    burst_up_seconds,
    burst_down_seconds,
    priority,
    minimum_up_bps,
    minimum_down_bps,
    device_cap,
    duration_unit,
    duration_count,
    anchor,
    data_cap_bytes,
    pool,
    address_list,
    price_minor,
    price_currency,
    speed_windows,
    fair_use,
    data_window,
    when_full
)
values (
    $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23,
    $24, $25, $26, $27
)
