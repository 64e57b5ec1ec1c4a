-- Why: an ISP settles for itself whether its staff give a code beside the password. Of its own row, that is all it may
-- change here.
create policy own_row_changes on tenants for update to mnetifi_tenant
    using (id = nullif(current_setting('app.tenant', true), '')::uuid)
    with check (id = nullif(current_setting('app.tenant', true), '')::uuid);
grant update (demands_totp) on tenants to mnetifi_tenant;
