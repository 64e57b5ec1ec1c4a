-- Of too many devices of one right those go that came online longest ago; those that staff has named or blocked stay.
delete from devices d
using (
    select
        k.holder_id,
        k.device,
        row_number() over (
            partition by k.holder_id
            order by (k.name is not null or k.blocked_at is not null) desc, k.last_seen_at desc, k.device
        ) as place
    from devices k
    where k.tenant_id = $1 and k.holder_id = any($2)
) ranked
where d.tenant_id = $1
  and d.holder_id = ranked.holder_id
  and d.device = ranked.device
  and ranked.place > $3
  and d.name is null
  and d.blocked_at is null
