-- Why: a node that answers no routers has no row among those that do, and may still have a duty.
alter table duty_leases drop constraint duty_leases_node_id_fkey;
