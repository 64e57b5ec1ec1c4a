-- Why: an impersonation whose time runs out is ended by a duty, which tells both audits of it: from then on `ended_at` says of
-- each when it was over, and the duty looks at those few that have not ended, whoever's they are.

create index impersonations_not_ended on impersonations (tenant_id, until_at) where ended_at is null;
