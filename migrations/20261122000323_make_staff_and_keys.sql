-- Why: an ISP's people, and those of the platform, sign in with a name and a password of their own; what they may do
-- is a role; programs come with a key. Nothing that proves who somebody is can be read back: passwords are argon2id,
-- what a browser, a key or a mail holds is kept as its SHA-256.

-- The platform is a tenant, so that its people, their sign-ins, keys and audit are kept as everybody's are. There is one.
alter table tenants
    add is_platform boolean not null default false,
    -- Whether its people must give a code beside the password.
    add demands_totp boolean not null default false;
create unique index tenants_one_platform on tenants (is_platform) where is_platform;

-- Roles that an ISP has made. Those that are always there are in the program. Texts as `vouchers:change`.
create table roles (
    tenant_id uuid not null references tenants (id),
    id uuid not null,
    name text not null check (char_length(name) between 1 and 60),
    permissions text[] not null check (cardinality(permissions) <= 200),
    services text not null check (services in ('all', 'pppoe_and_static')),
    created_at timestamptz not null,
    revision bigint not null default 1,
    primary key (tenant_id, id)
);
create unique index roles_name_key on roles (tenant_id, lower(name));

-- `zones`: null is everywhere. `totp_step`: the last code that was taken, so that none is taken twice.
create table staff (
    tenant_id uuid not null references tenants (id),
    id uuid not null,
    email text collate "C" not null check (email = lower(email) and char_length(email) between 3 and 254),
    user_name text collate "C" not null check (user_name ~ '^[a-z][a-z0-9._-]{2,31}$'),
    name text not null check (char_length(name) between 1 and 100),
    phone text check (phone ~ '^[1-9][0-9]{7,14}$'),
    id_number text check (char_length(id_number) between 4 and 32),
    preset text check (
        preset in ('owner', 'admin', 'technician', 'billing', 'support', 'platform_owner', 'platform_support')
    ),
    role_id uuid,
    zones uuid[] check (cardinality(zones) <= 200),
    state text not null check (state in ('invited', 'active', 'deactivated')),
    password_hash text check (octet_length(password_hash) between 40 and 256),
    totp_sealed bytea check (octet_length(totp_sealed) <= 256),
    totp_confirmed_at timestamptz,
    totp_step bigint,
    created_at timestamptz not null,
    signed_in_at timestamptz,
    revision bigint not null default 1,
    primary key (tenant_id, id),
    unique (tenant_id, user_name),
    foreign key (tenant_id, role_id) references roles (tenant_id, id),
    check (num_nonnulls(preset, role_id) = 1),
    check (totp_confirmed_at is null or totp_sealed is not null)
);
-- A person works for one ISP, so an address says which.
create unique index staff_email_key on staff (email);

-- Codes for the day on which the telephone is lost, each good once.
create table recovery_codes (
    tenant_id uuid not null,
    staff_id uuid not null,
    code_hash bytea not null check (octet_length(code_hash) = 32),
    used_at timestamptz,
    primary key (tenant_id, staff_id, code_hash),
    foreign key (tenant_id, staff_id) references staff (tenant_id, id)
);

-- What a mail lets somebody do once: join, or choose another password.
create table staff_tokens (
    tenant_id uuid not null,
    id uuid not null,
    staff_id uuid not null,
    purpose text not null check (purpose in ('invitation', 'reset')),
    token_hash bytea not null check (octet_length(token_hash) = 32),
    made_at timestamptz not null,
    expires_at timestamptz not null,
    used_at timestamptz,
    primary key (tenant_id, id),
    foreign key (tenant_id, staff_id) references staff (tenant_id, id)
);
-- Whoever brings a token says nothing else: it tells the ISP.
create unique index staff_tokens_by_token on staff_tokens (token_hash);
create index staff_tokens_of_staff on staff_tokens (tenant_id, staff_id, made_at);

-- One stay of one person in one browser. `acts_…`: the ISP in whose place somebody of the platform acts meanwhile.
create table sign_ins (
    tenant_id uuid not null,
    id uuid not null,
    staff_id uuid not null,
    token_hash bytea not null check (octet_length(token_hash) = 32),
    begun_at timestamptz not null,
    last_seen_at timestamptz not null,
    ended_at timestamptz,
    proved_twice boolean not null,
    address inet,
    agent text check (char_length(agent) <= 200),
    acts_in uuid,
    acts_by uuid,
    acts_until timestamptz,
    primary key (tenant_id, id),
    foreign key (tenant_id, staff_id) references staff (tenant_id, id),
    check (num_nulls(acts_in, acts_by, acts_until) in (0, 3))
);
create unique index sign_ins_by_token on sign_ins (token_hash);
create index sign_ins_of_staff on sign_ins (tenant_id, staff_id, id);

-- Keys of programs. `before_…`: after a rotation the earlier one goes on for a while.
create table api_keys (
    tenant_id uuid not null references tenants (id),
    id uuid not null,
    name text not null check (char_length(name) between 1 and 60),
    token_hash bytea not null check (octet_length(token_hash) = 32),
    before_hash bytea check (octet_length(before_hash) = 32),
    before_until timestamptz,
    permissions text[] not null check (cardinality(permissions) between 1 and 200),
    services text not null check (services in ('all', 'pppoe_and_static')),
    zones uuid[] check (cardinality(zones) <= 200),
    made_by text not null check (char_length(made_by) between 1 and 100),
    made_at timestamptz not null,
    rotated_at timestamptz,
    expires_at timestamptz,
    last_used_at timestamptz,
    revoked_at timestamptz,
    revision bigint not null default 1,
    primary key (tenant_id, id),
    check (num_nulls(before_hash, before_until) in (0, 2))
);
create unique index api_keys_by_token on api_keys (token_hash);
create unique index api_keys_by_earlier_token on api_keys (before_hash) where before_hash is not null;
create unique index api_keys_name_key on api_keys (tenant_id, lower(name)) where revoked_at is null;

-- When somebody of the platform acted in an ISP's place: the ISP sees it too.
create table impersonations (
    tenant_id uuid not null references tenants (id),
    id uuid not null,
    platform_staff_id uuid not null,
    platform_staff text not null check (char_length(platform_staff) between 1 and 100),
    reason text not null check (char_length(reason) between 10 and 300),
    begun_at timestamptz not null,
    until_at timestamptz not null,
    ended_at timestamptz,
    primary key (tenant_id, id),
    check (until_at > begun_at and until_at <= begun_at + interval '60 minutes')
);

-- Tries to sign in that failed, by the SHA-256 of what was named and of where it came from. Nobody's: whether a login
-- exists is not known here.
create table sign_in_tries (
    counted_by text not null check (counted_by in ('login', 'address')),
    key bytea not null check (octet_length(key) = 32),
    failed integer not null check (failed >= 0),
    last_at timestamptz,
    wait_until timestamptz,
    primary key (counted_by, key)
);
create index sign_in_tries_by_age on sign_in_tries (last_at);

do $$
declare
    name text;
begin
    foreach name in array array[
        'roles', 'staff', 'recovery_codes', 'staff_tokens', 'sign_ins', 'api_keys', 'impersonations'
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
grant select, insert, update, delete on roles, recovery_codes, staff_tokens, sign_ins to mnetifi_tenant;
grant select, insert, update on staff, api_keys, impersonations to mnetifi_tenant;

-- Whoever brings a login, a cookie, a key or a token has yet to be told from whom: these few columns say so.
alter table sign_in_tries enable row level security;
alter table sign_in_tries force row level security;
create policy every_row on sign_in_tries to mnetifi_system using (true) with check (true);
grant select, insert, update, delete on sign_in_tries to mnetifi_system;
create policy every_row on staff for select to mnetifi_system using (true);
grant select (tenant_id, id, email, name, user_name, preset, role_id, zones, state) on staff to mnetifi_system;
create policy every_row on roles for select to mnetifi_system using (true);
grant select (tenant_id, id, permissions, services) on roles to mnetifi_system;
create policy every_row on staff_tokens for select to mnetifi_system using (true);
grant select (tenant_id, staff_id, purpose, token_hash, expires_at, used_at) on staff_tokens to mnetifi_system;
create policy every_row on impersonations for select to mnetifi_system using (true);
grant select on impersonations to mnetifi_system;
create policy every_row on sign_ins to mnetifi_system using (true) with check (true);
grant select on sign_ins to mnetifi_system;
grant update (last_seen_at) on sign_ins to mnetifi_system;
create policy every_row on api_keys to mnetifi_system using (true) with check (true);
grant select on api_keys to mnetifi_system;
grant update (last_used_at) on api_keys to mnetifi_system;
