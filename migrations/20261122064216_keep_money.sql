-- Why: money. What somebody wants to pay for, what has come, whose it is, and what was given for it; so that no shilling
-- is lost or made, whatever gateways, routers and we do.
--
-- The ledger is added to and never changed, and each entry sums to zero: the database sees to both. Callbacks are kept
-- as they came, and read later.
create table gateways (
    tenant_id uuid not null references tenants (id),
    id uuid not null,
    kind text not null check (kind in ('mpesa')),
    environment text not null check (environment in ('sandbox', 'production')),
    shortcode text not null check (shortcode ~ '^[0-9]{5,7}$'),
    -- The till that customers see; null for a paybill.
    till text check (till ~ '^[0-9]{5,7}$'),
    keys_sealed bytea not null check (octet_length(keys_sealed) <= 4096),
    -- The SHA-256 of what its callbacks' addresses begin with.
    token_hash bytea not null check (octet_length(token_hash) = 32),
    trusts_confirmations boolean not null default false,
    looks_per_minute integer not null default 5 check (looks_per_minute between 1 and 6000),
    is_active boolean not null default true,
    -- The gateway's own books are read up to here; null before they were read first.
    pulled_until timestamptz,
    pull_at timestamptz,
    created_at timestamptz not null,
    revision bigint not null default 1,
    primary key (tenant_id, id),
    constraint gateways_shortcode_key unique (tenant_id, environment, shortcode)
);
create unique index gateways_by_token on gateways (token_hash);
create index gateways_to_pull on gateways (pull_at) where pull_at is not null;

-- One attempt of somebody to pay. The price is that of the plan's revision.
create table payments (
    tenant_id uuid not null references tenants (id),
    id uuid not null,
    gateway_id uuid,
    plan_id uuid,
    plan_revision integer,
    buyer text check (buyer ~ '^[1-9][0-9]{7,14}$'),
    subscriber_id uuid,
    -- Whose telephone is prompted.
    phone text check (phone ~ '^[1-9][0-9]{7,14}$'),
    price_minor bigint not null check (price_minor > 0),
    currency text not null check (currency ~ '^[A-Z]{3}$'),
    reference text not null check (reference ~ '^[A-Za-z0-9]{4,12}$'),
    -- What the address of its callback ends with. It proves nothing: it only finds the payment.
    prompt_token bytea not null check (octet_length(prompt_token) = 16),
    state text not null check (
        state in (
            'created', 'pushing', 'awaiting', 'unknown', 'paid_unreceipted', 'paid', 'failed', 'expired', 'unresolved',
            'reversed'
        )
    ),
    failure text check (failure ~ '^[a-z_]{1,40}$'),
    checkout text check (char_length(checkout) between 1 and 100),
    said text check (char_length(said) <= 300),
    looks integer not null default 0 check (looks >= 0),
    next_look_at timestamptz,
    claimed_at timestamptz,
    device text check (device ~ '^([0-9A-F]{2}:){5}[0-9A-F]{2}$'),
    nas_id uuid,
    created_at timestamptz not null,
    changed_at timestamptz not null,
    primary key (tenant_id, id),
    foreign key (tenant_id, gateway_id) references gateways (tenant_id, id),
    foreign key (tenant_id, plan_id, plan_revision) references plan_revisions (tenant_id, plan_id, revision),
    foreign key (tenant_id, subscriber_id) references subscribers (tenant_id, id),
    foreign key (tenant_id, nas_id) references nas (tenant_id, id),
    check (num_nulls(plan_id, plan_revision, buyer) in (0, 3)),
    check (num_nonnulls(plan_id, subscriber_id) = 1),
    check ((state = 'failed') = (failure is not null))
);
-- People type a reference in letters of any case.
create unique index payments_reference_key on payments (tenant_id, upper(reference));
create unique index payments_checkout_key on payments (tenant_id, checkout) where checkout is not null;
create unique index payments_prompt_token_key on payments (tenant_id, prompt_token);
create index payments_by_phone on payments (tenant_id, phone, id) where phone is not null;
create index payments_by_buyer on payments (tenant_id, buyer, id) where buyer is not null;
create index payments_by_subscriber on payments (tenant_id, subscriber_id, id) where subscriber_id is not null;
create index payments_to_look_at on payments (next_look_at) where next_look_at is not null;
create index payments_claimed on payments (claimed_at) where claimed_at is not null;

-- How each payment came to where it is, noted by the database itself.
create table payment_states (
    tenant_id uuid not null,
    payment_id uuid not null,
    place integer not null check (place >= 1),
    state text not null,
    failure text,
    said text,
    at timestamptz not null,
    primary key (tenant_id, payment_id, place),
    foreign key (tenant_id, payment_id) references payments (tenant_id, id)
);
create function note_payment_state() returns trigger language plpgsql as $$
begin
    insert into public.payment_states (tenant_id, payment_id, place, state, failure, said, at)
    select new.tenant_id, new.id, 1 + count(*), new.state, new.failure, new.said, new.changed_at
    from public.payment_states
    where tenant_id = new.tenant_id and payment_id = new.id;
    return null;
end
$$;
create trigger note_state after insert on payments for each row execute function note_payment_state();
create trigger note_new_state after update of state, failure on payments for each row
    when (old.state is distinct from new.state or old.failure is distinct from new.failure)
    execute function note_payment_state();

-- What was said to us by whoever knows an address, as it came. Nothing of it is true because it says so.
create table callbacks (
    tenant_id uuid not null references tenants (id),
    id uuid not null,
    gateway_id uuid not null,
    kind text not null check (kind in ('prompt', 'validation', 'confirmation', 'result', 'timed_out')),
    prompt_token bytea check (octet_length(prompt_token) = 16),
    body bytea not null check (octet_length(body) <= 16384),
    source inet,
    received_at timestamptz not null,
    -- When it is read; null once it was.
    due_at timestamptz,
    tries integer not null default 0 check (tries >= 0),
    outcome text check (char_length(outcome) between 1 and 300),
    primary key (tenant_id, id),
    foreign key (tenant_id, gateway_id) references gateways (tenant_id, id)
);
create index callbacks_to_read on callbacks (due_at) where due_at is not null;

-- Money that has come, or is said to have come.
create table arrivals (
    tenant_id uuid not null references tenants (id),
    id uuid not null,
    -- Null over the counter.
    gateway_id uuid,
    receipt text check (receipt ~ '^[A-Z0-9]{6,32}$'),
    is_receipt_proven boolean not null default false,
    amount_minor bigint not null check (amount_minor > 0),
    currency text not null check (currency ~ '^[A-Z]{3}$'),
    source text not null check (
        source in ('prompt', 'confirmation', 'pull', 'statement', 'status', 'counter', 'staff')
    ),
    is_of_prompt boolean not null default false,
    -- What is not verified is nowhere in the ledger.
    is_verified boolean not null default false,
    -- `folded`: it was found to be the same money as another one.
    state text not null check (
        state in ('pending', 'for_payment', 'in_wallet', 'disputed', 'reversed', 'folded')
    ),
    payment_id uuid,
    wallet_phone text check (wallet_phone ~ '^[1-9][0-9]{7,14}$'),
    wallet_subscriber_id uuid,
    account text not null check (char_length(account) <= 40),
    payer_phone text check (char_length(payer_phone) <= 64),
    payer_name text check (char_length(payer_name) <= 100),
    paid_at timestamptz,
    arrived_at timestamptz not null,
    primary key (tenant_id, id),
    foreign key (tenant_id, gateway_id) references gateways (tenant_id, id),
    foreign key (tenant_id, payment_id) references payments (tenant_id, id),
    foreign key (tenant_id, wallet_subscriber_id) references subscribers (tenant_id, id),
    check (state <> 'for_payment' or payment_id is not null),
    check (state <> 'in_wallet' or num_nonnulls(wallet_phone, wallet_subscriber_id) = 1),
    check (num_nonnulls(wallet_phone, wallet_subscriber_id) <= 1),
    check (receipt is not null or not is_receipt_proven)
);
create unique index arrivals_receipt_key on arrivals (tenant_id, gateway_id, receipt)
    where receipt is not null and state <> 'folded';
create index arrivals_by_payment on arrivals (tenant_id, payment_id) where payment_id is not null;
create index arrivals_by_state on arrivals (tenant_id, state, id);
create index arrivals_by_time on arrivals (tenant_id, arrived_at);

-- How much it is, where it came and that it is true never change.
create function keep_arrival() returns trigger language plpgsql as $$
begin
    if (new.amount_minor, new.currency, new.arrived_at, new.source) is distinct from
           (old.amount_minor, old.currency, old.arrived_at, old.source)
       or new.gateway_id is distinct from old.gateway_id
       or (old.is_verified and not new.is_verified)
       or (old.is_receipt_proven and (new.receipt is distinct from old.receipt or not new.is_receipt_proven)) then
        raise exception 'what has come is not changed' using errcode = 'restrict_violation';
    end if;
    return new;
end
$$;
create trigger keep_facts before update on arrivals for each row execute function keep_arrival();

-- Each message about money that has come.
create table arrival_notes (
    tenant_id uuid not null,
    id uuid not null,
    arrival_id uuid not null,
    source text not null,
    receipt text check (receipt ~ '^[A-Z0-9]{6,32}$'),
    is_proof boolean not null,
    amount_minor bigint not null,
    currency text not null,
    account text not null check (char_length(account) <= 40),
    at timestamptz not null,
    primary key (tenant_id, id),
    foreign key (tenant_id, arrival_id) references arrivals (tenant_id, id)
);
create index arrival_notes_by_arrival on arrival_notes (tenant_id, arrival_id, id);
create index arrival_notes_by_receipt on arrival_notes (tenant_id, receipt) where receipt is not null;
create index arrival_notes_by_time on arrival_notes (tenant_id, at, id);

-- What the gateway is asked about receipts, so that what was only said is proven.
create table inquiries (
    tenant_id uuid not null references tenants (id),
    id uuid not null,
    gateway_id uuid not null,
    receipt text not null check (receipt ~ '^[A-Z0-9]{6,32}$'),
    -- Whom somebody says it is for, where they have said so.
    payment_id uuid,
    subscriber_id uuid,
    phone text check (phone ~ '^[1-9][0-9]{7,14}$'),
    conversation text check (char_length(conversation) between 1 and 100),
    tries integer not null default 0 check (tries >= 0),
    due_at timestamptz,
    outcome text check (char_length(outcome) between 1 and 300),
    created_at timestamptz not null,
    primary key (tenant_id, id),
    foreign key (tenant_id, gateway_id) references gateways (tenant_id, id),
    foreign key (tenant_id, payment_id) references payments (tenant_id, id),
    foreign key (tenant_id, subscriber_id) references subscribers (tenant_id, id),
    check (num_nonnulls(payment_id, subscriber_id, phone) <= 1)
);
create unique index inquiries_open_key on inquiries (tenant_id, gateway_id, receipt) where outcome is null;
create unique index inquiries_conversation_key on inquiries (tenant_id, conversation) where conversation is not null;
create index inquiries_due on inquiries (due_at) where due_at is not null;

create table refunds (
    tenant_id uuid not null references tenants (id),
    id uuid not null,
    arrival_id uuid not null,
    amount_minor bigint not null check (amount_minor > 0),
    currency text not null check (currency ~ '^[A-Z]{3}$'),
    -- Out of whose wallet; neither is out of suspense.
    wallet_phone text check (wallet_phone ~ '^[1-9][0-9]{7,14}$'),
    wallet_subscriber_id uuid,
    why text not null check (char_length(why) between 2 and 100),
    state text not null check (state in ('asked', 'sending', 'sent', 'done', 'failed')),
    conversation text check (char_length(conversation) between 1 and 100),
    said text check (char_length(said) <= 300),
    created_at timestamptz not null,
    primary key (tenant_id, id),
    foreign key (tenant_id, arrival_id) references arrivals (tenant_id, id),
    foreign key (tenant_id, wallet_subscriber_id) references subscribers (tenant_id, id),
    check (num_nonnulls(wallet_phone, wallet_subscriber_id) <= 1)
);
-- Money goes back once.
create unique index refunds_arrival_key on refunds (tenant_id, arrival_id) where state <> 'failed';
create unique index refunds_conversation_key on refunds (tenant_id, conversation) where conversation is not null;

create table ledger_entries (
    tenant_id uuid not null references tenants (id),
    id uuid not null,
    kind text not null check (kind in ('arrival', 'matching', 'sale', 'undoing', 'reversal')),
    arrival_id uuid,
    payment_id uuid,
    refund_id uuid,
    at timestamptz not null,
    primary key (tenant_id, id),
    foreign key (tenant_id, arrival_id) references arrivals (tenant_id, id),
    foreign key (tenant_id, payment_id) references payments (tenant_id, id),
    foreign key (tenant_id, refund_id) references refunds (tenant_id, id)
);
-- Money comes once, and a payment buys once.
create unique index ledger_entries_arrival_key on ledger_entries (tenant_id, arrival_id) where kind = 'arrival';
create unique index ledger_entries_sale_key on ledger_entries (tenant_id, payment_id) where kind = 'sale';
create index ledger_entries_by_time on ledger_entries (tenant_id, at, id);
create index ledger_entries_by_payment on ledger_entries (tenant_id, payment_id) where payment_id is not null;

create table ledger_postings (
    tenant_id uuid not null,
    entry_id uuid not null,
    place smallint not null check (place between 1 and 16),
    account text not null check (
        account in ('gateway', 'cash', 'sales', 'wallet_phone', 'wallet_subscriber', 'suspense', 'refunds')
    ),
    gateway_id uuid,
    phone text check (phone ~ '^[1-9][0-9]{7,14}$'),
    subscriber_id uuid,
    amount_minor bigint not null check (amount_minor <> 0),
    currency text not null check (currency ~ '^[A-Z]{3}$'),
    primary key (tenant_id, entry_id, place),
    foreign key (tenant_id, entry_id) references ledger_entries (tenant_id, id),
    foreign key (tenant_id, gateway_id) references gateways (tenant_id, id),
    foreign key (tenant_id, subscriber_id) references subscribers (tenant_id, id),
    check ((account = 'gateway') = (gateway_id is not null)),
    check ((account = 'wallet_phone') = (phone is not null)),
    check ((account = 'wallet_subscriber') = (subscriber_id is not null))
);
create index ledger_postings_by_account on ledger_postings (tenant_id, account, entry_id);
create index ledger_postings_by_phone on ledger_postings (tenant_id, phone, entry_id) where phone is not null;
create index ledger_postings_by_subscriber on ledger_postings (tenant_id, subscriber_id, entry_id)
    where subscriber_id is not null;

-- Looked at when the transaction ends: an entry has postings, all written with it, and they sum to zero.
create function check_entry() returns trigger language plpgsql as $$
declare
    which uuid := case when tg_table_name = 'ledger_entries' then to_jsonb(new) ->> 'id' else to_jsonb(new) ->> 'entry_id' end;
begin
    if not exists (
        select from public.ledger_entries e
        where e.tenant_id = new.tenant_id and e.id = which and e.xmin = pg_current_xact_id()::xid
    ) then
        raise exception 'an entry of the ledger is written once' using errcode = 'restrict_violation';
    end if;
    if (select count(*) < 2 from public.ledger_postings p where p.tenant_id = new.tenant_id and p.entry_id = which)
       or exists (
           select from public.ledger_postings p
           where p.tenant_id = new.tenant_id and p.entry_id = which
           group by p.currency
           having sum(p.amount_minor) <> 0
       ) then
        raise exception 'an entry of the ledger does not sum to zero' using errcode = 'check_violation',
            constraint = 'ledger_entries_sum_to_zero';
    end if;
    return null;
end
$$;
create constraint trigger sum_to_zero after insert on ledger_entries
    deferrable initially deferred for each row execute function check_entry();
create constraint trigger sum_to_zero after insert on ledger_postings
    deferrable initially deferred for each row execute function check_entry();

-- What is in somebody's wallet, kept beside the ledger so that two who spend at once see each other.
create table wallets (
    tenant_id uuid not null references tenants (id),
    owner text not null check (char_length(owner) between 1 and 60),
    currency text not null check (currency ~ '^[A-Z]{3}$'),
    balance_minor bigint not null,
    primary key (tenant_id, owner, currency),
    -- Nobody spends what they have not.
    constraint wallets_not_overdrawn check (balance_minor >= 0)
);
create function keep_wallet() returns trigger language plpgsql as $$
begin
    insert into public.wallets as w (tenant_id, owner, currency, balance_minor)
    values (new.tenant_id, coalesce(new.phone, new.subscriber_id::text), new.currency, 0)
    on conflict do nothing;
    update public.wallets
    set balance_minor = balance_minor - new.amount_minor
    where tenant_id = new.tenant_id and owner = coalesce(new.phone, new.subscriber_id::text) and currency = new.currency;
    return null;
end
$$;
create trigger keep_wallet after insert on ledger_postings for each row
    when (new.account in ('wallet_phone', 'wallet_subscriber')) execute function keep_wallet();

-- What was given for a payment: once.
create table activations (
    tenant_id uuid not null,
    payment_id uuid not null,
    voucher_id uuid,
    subscriber_id uuid,
    until_at timestamptz,
    at timestamptz not null,
    primary key (tenant_id, payment_id),
    foreign key (tenant_id, payment_id) references payments (tenant_id, id),
    foreign key (tenant_id, voucher_id) references vouchers (tenant_id, id),
    foreign key (tenant_id, subscriber_id) references subscribers (tenant_id, id),
    check (num_nonnulls(voucher_id, subscriber_id) = 1)
);
create unique index activations_by_voucher on activations (tenant_id, voucher_id) where voucher_id is not null;

-- A day's entries and messages, digested, each day with the hash of the day before.
create table proof_days (
    tenant_id uuid not null references tenants (id),
    place integer not null check (place >= 1),
    begins_at timestamptz not null,
    ends_at timestamptz not null,
    entries bigint not null check (entries >= 0),
    notes bigint not null check (notes >= 0),
    digest bytea not null check (octet_length(digest) = 32),
    hash bytea not null check (octet_length(hash) = 32),
    closed_at timestamptz not null,
    primary key (tenant_id, place),
    unique (tenant_id, begins_at),
    check (begins_at < ends_at)
);

-- Added once, never changed: by nobody, not even by whom the tables belong to.
do $$
declare
    name text;
begin
    foreach name in array array[
        'payment_states', 'arrival_notes', 'ledger_entries', 'ledger_postings', 'activations', 'proof_days'
    ] loop
        execute format(
            'create trigger refuse_change before update or delete on %I for each row execute function refuse_change()', name
        );
        execute format(
            'create trigger refuse_truncate before truncate on %I for each statement execute function refuse_change()', name
        );
    end loop;
    foreach name in array array[
        'gateways', 'payments', 'payment_states', 'callbacks', 'arrivals', 'arrival_notes', 'inquiries', 'refunds',
        'ledger_entries', 'ledger_postings', 'wallets', 'activations', 'proof_days'
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
grant select, insert, update on gateways, payments, callbacks, arrivals, inquiries, refunds, wallets to mnetifi_tenant;
grant select, insert on payment_states, arrival_notes, ledger_entries, ledger_postings, activations, proof_days
    to mnetifi_tenant;
grant delete on callbacks to mnetifi_tenant;

-- Of all tenants at once: by which token a callback comes, and who has something to be looked at.
create policy every_row on gateways for select to mnetifi_system using (true);
grant select (tenant_id, id, token_hash, is_active, pull_at) on gateways to mnetifi_system;
create policy every_row on payments for select to mnetifi_system using (true);
grant select (tenant_id, id, next_look_at, claimed_at) on payments to mnetifi_system;
create policy every_row on callbacks for select to mnetifi_system using (true);
grant select (tenant_id, id, due_at) on callbacks to mnetifi_system;
create policy every_row on inquiries for select to mnetifi_system using (true);
grant select (tenant_id, id, due_at) on inquiries to mnetifi_system;

-- A telephone has one prompt at a time, whichever ISP asks: the number is national.
create table prompt_locks (
    phone_hash bytea primary key check (octet_length(phone_hash) = 32),
    payment_id uuid not null,
    until_at timestamptz not null
);
alter table prompt_locks enable row level security;
alter table prompt_locks force row level security;
create policy every_row on prompt_locks to mnetifi_system using (true) with check (true);
grant select, insert, update, delete on prompt_locks to mnetifi_system;

-- People type user names as accounts in their own way.
create index subscribers_by_account on subscribers
    (tenant_id, upper(translate(username, '-_#./ ', '') collate "C"));

-- What a prompt or a reversal is to do stands in the payment or refund: its job holds nothing itself.
alter table jobs drop constraint jobs_payload_check;
alter table jobs add constraint jobs_payload_check
    check (payload_sealed is not null or done_at is not null or kind in ('webhook', 'prompt', 'reversal'));
