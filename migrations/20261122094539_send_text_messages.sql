-- Why: whoever buys a voucher is sent it by text message, through the ISP's own provider; whoever has lost it is sent it
-- again; and what could not be sent is seen and sent once more, never twice by accident.
--
-- What a message says is sealed, for it may let somebody in, and forgotten once the provider has taken it. Staff sees
-- `shown`, which has stars for codes.
create table message_settings (
    tenant_id uuid not null references tenants (id),
    id uuid not null check (id = tenant_id),
    provider text not null check (provider in ('africas_talking', 'http')),
    username text check (char_length(username) between 1 and 100),
    world text check (world in ('sandbox', 'production')),
    method text check (method in ('GET', 'POST', 'PUT')),
    url text check (char_length(url) between 1 and 500),
    -- `Name: value`, each.
    headers text[] not null default '{}' check (cardinality(headers) <= 10),
    body_kind text check (body_kind in ('json', 'form')),
    body text check (char_length(body) <= 4000),
    phone_form text check (phone_form in ('plus', 'international', 'national', 'bare')),
    good_statuses integer[] not null default '{}' check (cardinality(good_statuses) <= 10),
    verdict_at text[] not null default '{}' check (cardinality(verdict_at) <= 10),
    good_verdicts text[] not null default '{}' check (cardinality(good_verdicts) <= 10),
    hopeless_verdicts text[] not null default '{}' check (cardinality(hopeless_verdicts) <= 10),
    good_text text check (char_length(good_text) between 1 and 100),
    reference_at text check (char_length(reference_at) between 1 and 100),
    keys_sealed bytea not null check (octet_length(keys_sealed) <= 8192),
    sender text check (char_length(sender) between 1 and 15),
    brand text check (char_length(brand) between 1 and 40),
    contact text not null check (char_length(contact) between 1 and 40),
    language text not null check (language ~ '^[a-z]{2,3}$'),
    is_active boolean not null,
    sends_vouchers boolean not null,
    changed_at timestamptz not null,
    revision bigint not null default 1,
    primary key (tenant_id, id),
    check ((provider = 'africas_talking') = (username is not null and world is not null)),
    check ((provider = 'http') = (method is not null and url is not null and phone_form is not null)),
    check ((body is null) = (body_kind is null))
);

create table message_templates (
    tenant_id uuid not null references tenants (id),
    kind text not null check (kind ~ '^[a-z_]{1,40}$'),
    language text not null check (language ~ '^[a-z]{2,3}$'),
    body text not null check (char_length(body) between 1 and 480),
    changed_at timestamptz not null,
    primary key (tenant_id, kind, language)
);

create table messages (
    tenant_id uuid not null references tenants (id),
    id uuid not null,
    kind text not null check (kind ~ '^[a-z_]{1,40}$'),
    -- One message for each reason.
    dedupe_key text not null check (char_length(dedupe_key) between 1 and 100),
    phone text not null check (phone ~ '^[1-9][0-9]{7,14}$'),
    language text not null check (language ~ '^[a-z]{2,3}$'),
    text_sealed bytea check (octet_length(text_sealed) <= 16384),
    shown text not null check (char_length(shown) <= 1500),
    parts integer not null check (parts between 1 and 255),
    state text not null check (state in ('queued', 'sending', 'sent', 'unknown', 'failed')),
    tries integer not null default 0 check (tries >= 0),
    unsure integer not null default 0 check (unsure >= 0),
    reference text check (char_length(reference) <= 100),
    cost text check (char_length(cost) <= 100),
    said text check (char_length(said) <= 300),
    payment_id uuid,
    created_at timestamptz not null,
    changed_at timestamptz not null,
    wanted_until timestamptz not null,
    primary key (tenant_id, id),
    foreign key (tenant_id, payment_id) references payments (tenant_id, id)
);
create unique index messages_dedupe_key on messages (tenant_id, dedupe_key);
create index messages_by_kind on messages (tenant_id, kind, created_at);
create index messages_by_phone on messages (tenant_id, phone, id);
create index messages_by_state on messages (tenant_id, state, id) where state in ('failed', 'unknown');
create index messages_by_time on messages (tenant_id, created_at);

-- In which language somebody last looked at the ISP's pages.
create table phone_languages (
    tenant_id uuid not null references tenants (id),
    phone text not null check (phone ~ '^[1-9][0-9]{7,14}$'),
    language text not null check (language ~ '^[a-z]{2,3}$'),
    at timestamptz not null,
    primary key (tenant_id, phone)
);
create index phone_languages_by_time on phone_languages (tenant_id, at);

-- The one code of a telephone that is good now.
create table one_time_codes (
    tenant_id uuid not null references tenants (id),
    phone text not null check (phone ~ '^[1-9][0-9]{7,14}$'),
    code_hash bytea not null check (octet_length(code_hash) = 32),
    tries integer not null default 0 check (tries >= 0),
    expires_at timestamptz not null,
    primary key (tenant_id, phone)
);
create index one_time_codes_by_end on one_time_codes (tenant_id, expires_at);

do $$
declare
    name text;
begin
    foreach name in array array[
        'message_settings', 'message_templates', 'messages', 'phone_languages', 'one_time_codes'
    ] loop
        execute format('alter table %I enable row level security', name);
        execute format('alter table %I force row level security', name);
        execute format(
            'create policy own_rows on %I to mnetifi_tenant'
            ' using (tenant_id = nullif(current_setting(''app.tenant'', true), '''')::uuid)'
            ' with check (tenant_id = nullif(current_setting(''app.tenant'', true), '''')::uuid)',
            name
        );
    end loop;
end
$$;
grant select, insert, update on message_settings, message_templates to mnetifi_tenant;
grant select, insert, update, delete on messages, phone_languages, one_time_codes to mnetifi_tenant;

-- What a text message says stands in the message: its job holds nothing itself.
alter table jobs drop constraint jobs_payload_check;
alter table jobs add constraint jobs_payload_check
    check (payload_sealed is not null or done_at is not null or kind in ('webhook', 'prompt', 'reversal', 'sms'));
