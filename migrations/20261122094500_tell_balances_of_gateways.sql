-- Why: staff asks a gateway what is in the ISP's accounts there. The answer comes later, under the number of the question:
-- both are kept with the gateway. And whether somebody is named who may ask is told without opening the keys.
alter table gateways
    add column has_initiator boolean not null default false,
    add column balance_conversation text check (char_length(balance_conversation) between 1 and 100),
    add column balance_names text[] not null default '{}' check (cardinality(balance_names) <= 20),
    add column balance_minors bigint[] not null default '{}' check (cardinality(balance_minors) = cardinality(balance_names)),
    add column balance_currency text check (balance_currency ~ '^[A-Z]{3}$'),
    add column balance_at timestamptz,
    add check ((balance_at is null) = (balance_currency is null));

-- When a gateway was heard last: whoever sets one up wants to know whether its callbacks come in.
create index callbacks_by_gateway on callbacks (tenant_id, gateway_id, received_at);

-- What came to the address of one prompt is a part of its payment's story; so is what followed for money.
create index callbacks_by_prompt on callbacks (tenant_id, prompt_token) where prompt_token is not null;
create index ledger_entries_by_arrival on ledger_entries (tenant_id, arrival_id) where arrival_id is not null;
