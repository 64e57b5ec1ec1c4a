-- Why: the keys of an ISP's secrets can be changed. A new data key is added in the ISP's own transaction, beside what the
-- audit says of it, and one that seals nothing any more is removed there; a new master key wraps all of them anew.
drop policy own_rows on tenant_keys;
create policy own_rows on tenant_keys to mnetifi_tenant
    using (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid)
    with check (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid);
grant insert, delete on tenant_keys to mnetifi_tenant;
grant update (wrapped) on tenant_keys to mnetifi_system;
grant update (key_sealed) on radsec_authority to mnetifi_system;
