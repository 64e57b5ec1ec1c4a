-- Why: a pile of letters or of tellings that does not shrink is to ring an alarm: so how many jobs wait or are parked, and
-- since when the oldest does, is counted over all tenants. Still nothing of what they hold.
grant select (created_at, parked_at) on jobs to mnetifi_system;
