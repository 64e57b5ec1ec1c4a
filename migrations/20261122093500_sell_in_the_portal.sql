-- Why: phones buy by themselves, so the process must know how to speak to gateways on every node, and a phone whose
-- browser was closed must find its payment again.
--
-- Each new token that opens a gateway's door ends the one before, so all nodes take theirs from one shelf, and one of
-- them fetches the next.
create table gateway_tokens (
    -- SHA-256 over the environment and both keys of the app.
    app bytea primary key check (octet_length(app) = 32),
    -- Sealed by the master key. A token that does not open is none: the next one is at most an hour away.
    token_sealed bytea,
    until_at timestamptz,
    -- Until then one node fetches a new one.
    claimed_until timestamptz,
    check (num_nulls(token_sealed, until_at) in (0, 2))
);
alter table gateway_tokens enable row level security;
alter table gateway_tokens force row level security;
create policy every_row on gateway_tokens to mnetifi_system using (true) with check (true);
grant select, insert, update, delete on gateway_tokens to mnetifi_system;

create index payments_by_device on payments (tenant_id, device, created_at) where device is not null;
