insert into customers
    (tenant_id, id, name, name_folded, phone, email, notes, category, zone_id, assigned_to, address, latitude,
     longitude, identity_kind, identity_sealed, identity_state, created_at, changed_at)
select $1, new.*, new.created_at
from unnest(
    $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::uuid[], $10::uuid[],
    $11::text[], $12::float8[], $13::float8[], $14::text[], $15::bytea[], $16::text[], $17::timestamptz[]
) as new (
    id, name, name_folded, phone, email, notes, category, zone_id, assigned_to, address, latitude, longitude,
    identity_kind, identity_sealed, identity_state, created_at
)
