-- also finds the firing alerts of a group that belong to an incident
create index alert_firing_group on alert (source, group_key) where status = 'firing';
drop index alert_held;
