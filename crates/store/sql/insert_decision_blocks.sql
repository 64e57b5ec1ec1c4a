-- Records of a tenant that is not there any more are of use to nobody.
insert into decision_blocks
    (tenant_id, node_id, number, first_at, last_at, records, refused, settled, filter, octets)
select b.tenant_id, $1, b.number, b.first_at, b.last_at, b.records, b.refused, b.settled, b.filter, b.octets
from unnest(
    $2::uuid[], $3::bigint[], $4::timestamptz[], $5::timestamptz[], $6::integer[], $7::integer[], $8::boolean[],
    $9::bytea[], $10::bytea[]
) as b (tenant_id, number, first_at, last_at, records, refused, settled, filter, octets)
join tenants t on t.id = b.tenant_id
returning records
