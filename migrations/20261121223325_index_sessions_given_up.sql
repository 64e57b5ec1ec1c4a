-- Why: a router that answers again has its sessions looked at that were given up: few, among all that live.
create index sessions_given_up on sessions (tenant_id, nas_id) where ended_at is null and tries > 0;
