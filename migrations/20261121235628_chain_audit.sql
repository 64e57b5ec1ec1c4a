-- Why: when an ISP and its staff disagree about who did what, the audit must be believed. It says from which address a
-- thing was asked, and who of the platform acted in somebody's place; and each entry holds the hash of the one before,
-- so that an entry that was changed or taken out shows.
--
-- Entries from before have no hash: how many there are stands in the head, and nothing else can be said of them.
alter table audit
    add staff_id uuid,
    add from_address inet,
    add impersonator text check (char_length(impersonator) between 1 and 100),
    add seq bigint check (seq >= 1),
    add hash bytea check (octet_length(hash) = 32),
    add check (num_nulls(seq, hash) in (0, 2));
create unique index audit_seq_key on audit (tenant_id, seq) where seq is not null;
create index audit_by_actor on audit (tenant_id, actor, id);
create index audit_by_verb on audit (tenant_id, verb, id);

-- Where each chain ends. Whoever adds an entry locks this row, so that two of one tenant stand in a line.
create table audit_heads (
    tenant_id uuid primary key references tenants (id),
    seq bigint not null check (seq >= 0),
    hash bytea not null check (octet_length(hash) = 32),
    unchained bigint not null default 0 check (unchained >= 0)
);
alter table audit no force row level security;
insert into audit_heads (tenant_id, seq, hash, unchained)
select tenant_id, 0, decode(repeat('00', 32), 'hex'), count(*) from audit group by tenant_id;
alter table audit force row level security;

alter table audit_heads enable row level security;
alter table audit_heads force row level security;
create policy own_rows on audit_heads to mnetifi_tenant
    using (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid)
    with check (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid);
grant select, insert, update on audit_heads to mnetifi_tenant;
