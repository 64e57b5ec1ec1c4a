-- Why: when a session ends, its place goes to another live session of the same device on the same right, if there is one.
create index sessions_by_device on sessions (tenant_id, holder_id, device) where ended_at is null;
