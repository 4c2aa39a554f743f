import functions from '../data/sql-functions.json' with { type: 'json' }
import type { Risk } from '../model.ts'

/**
 * `data/sql-functions.json` lists the functions of PostgreSQL 18 of which every form is declared immutable or stable,
 * which promises that they change nothing (`pg_proc.provolatile`), without those that only the server itself calls.
 * The lists here add volatile functions that only read, those of older versions, and those of common extensions.
 */
const READS = new Set([
  ...functions.names,
  ...split(`
    array_sample array_shuffle clock_timestamp current_query currval lastval gen_random_uuid uuidv4 uuidv7 random random_normal
    setseed timeofday set_config txid_status pg_xact_status
    pg_blocking_pids pg_safe_snapshot_blocking_pids pg_isolation_test_session_is_blocked pg_collation_actual_version
    pg_database_collation_actual_version pg_control_checkpoint pg_control_init pg_control_recovery pg_control_system
    pg_current_logfile pg_current_wal_flush_lsn pg_current_wal_insert_lsn pg_current_wal_lsn pg_database_size pg_indexes_size
    pg_relation_size pg_table_size pg_tablespace_size pg_total_relation_size pg_get_aios pg_get_backend_memory_contexts
    pg_get_loaded_modules pg_get_multixact_members pg_get_shmem_allocations pg_get_shmem_allocations_numa pg_get_wait_events
    pg_get_wal_replay_pause_state pg_get_wal_resource_managers pg_get_wal_summarizer_state pg_hba_file_rules
    pg_ident_file_mappings pg_is_in_recovery pg_is_wal_replay_paused pg_jit_available pg_last_committed_xact
    pg_last_wal_receive_lsn pg_last_wal_replay_lsn pg_last_xact_replay_timestamp pg_lock_status
    pg_logical_slot_peek_binary_changes pg_logical_slot_peek_changes pg_ls_archive_statusdir pg_ls_dir pg_ls_logdir
    pg_ls_logicalmapdir pg_ls_logicalsnapdir pg_ls_replslotdir pg_ls_summariesdir pg_ls_tmpdir pg_ls_waldir
    pg_notification_queue_usage pg_partition_ancestors pg_partition_tree pg_prepared_xact pg_read_binary_file pg_read_file
    pg_replication_origin_progress pg_replication_origin_session_is_setup pg_replication_origin_session_progress
    pg_sequence_last_value pg_get_sequence_data pg_show_all_file_settings pg_show_replication_origin_status pg_sleep
    pg_sleep_for pg_sleep_until pg_stat_clear_snapshot pg_stat_file pg_stat_get_backend_io pg_stat_get_backend_wal
    pg_stat_get_io pg_stat_get_recovery_prefetch pg_stat_get_xact_blocks_fetched pg_stat_get_xact_blocks_hit
    pg_stat_get_xact_function_calls pg_stat_get_xact_function_self_time pg_stat_get_xact_function_total_time
    pg_stat_get_xact_numscans pg_stat_get_xact_tuples_deleted pg_stat_get_xact_tuples_fetched
    pg_stat_get_xact_tuples_hot_updated pg_stat_get_xact_tuples_inserted pg_stat_get_xact_tuples_newpage_updated
    pg_stat_get_xact_tuples_returned pg_stat_get_xact_tuples_updated pg_stat_have_stats pg_wal_summary_contents
    pg_available_wal_summaries pg_xact_commit_timestamp pg_xact_commit_timestamp_origin amvalidate lo_get

    pg_xlog_location_diff pg_current_xlog_location pg_last_xlog_receive_location pg_last_xlog_replay_location
    pg_xlogfile_name pg_is_xlog_replay_paused pg_is_in_backup pg_backup_start_time pg_stat_get_wal_senders
    json_populate_record trunc

    pg_stat_statements pg_stat_statements_info pgstattuple pgstattuple_approx pgstatindex pgstatginindex pgstathashindex
    pg_relpages pg_buffercache_pages pg_buffercache_summary pg_buffercache_usage_counts pg_freespace pg_visibility
    pg_visibility_map pg_visibility_map_summary bt_metap bt_page_stats bt_page_items bt_multi_page_stats heap_page_items
    heap_page_item_attrs page_header get_raw_page page_checksum fsm_page_contents brin_page_type brin_metapage_info
    brin_page_items gin_metapage_info hash_page_type pgrowlocks pg_wait_sampling_get_current
    uuid_generate_v1 uuid_generate_v1mc uuid_generate_v3 uuid_generate_v4 uuid_generate_v5 uuid_nil uuid_ns_dns uuid_ns_url
    crypt gen_salt digest hmac gen_random_bytes encrypt decrypt similarity word_similarity strict_word_similarity show_trgm
    show_limit unaccent levenshtein soundex metaphone dmetaphone difference hstore akeys avals skeys svals
    time_bucket time_bucket_gapfill hypertable_size hypertable_detailed_size chunks_detailed_size approximate_row_count
    st_astext st_asgeojson st_distance st_within st_contains st_intersects st_x st_y st_area st_length st_setsrid st_makepoint
  `),
])

/** Recoverable: they take a number, a lock, a restore point, or make the server read its configuration again. */
const CHANGES = new Set(
  split(`
  nextval setval pg_reload_conf pg_rotate_logfile pg_switch_wal pg_switch_xlog pg_create_restore_point pg_backup_start pg_backup_stop
  pg_start_backup pg_stop_backup pg_advisory_lock pg_advisory_lock_shared pg_advisory_unlock pg_advisory_unlock_all
  pg_advisory_unlock_shared pg_advisory_xact_lock pg_advisory_xact_lock_shared pg_try_advisory_lock
  pg_try_advisory_lock_shared pg_try_advisory_xact_lock pg_try_advisory_xact_lock_shared pg_notify pg_cancel_backend
  pg_export_snapshot pg_log_backend_memory_contexts pg_log_standby_snapshot pg_logical_emit_message
  pg_create_logical_replication_slot pg_create_physical_replication_slot pg_copy_logical_replication_slot
  pg_copy_physical_replication_slot pg_replication_origin_create pg_wal_replay_pause pg_wal_replay_resume
  pg_xlog_replay_pause pg_xlog_replay_resume pg_sync_replication_slots pg_import_system_collations
  lo_creat lo_create lo_import lo_from_bytea lo_put lo_open lo_close lo_lseek lo_lseek64 lo_tell lo_tell64 loread lowrite lo_export
  brin_summarize_new_values brin_summarize_range brin_desummarize_range gin_clean_pending_list pg_prewarm autoprewarm_dump_now
  pg_stat_force_next_flush pg_stat_reset pg_stat_reset_shared pg_stat_reset_slru pg_stat_reset_single_table_counters
  pg_stat_reset_single_function_counters pg_stat_reset_replication_slot pg_stat_reset_subscription_stats
  pg_stat_reset_backend_stats pg_stat_statements_reset pg_restore_attribute_stats pg_restore_relation_stats
`),
)

export interface FunctionRisk {
  risk: Risk
  why: string
}

/** What calling a function may do. Names are folded to lower case by the grammar; a name is a list by its dots. */
export function riskOfFunction(path: readonly string[]): FunctionRisk {
  const name = path.at(-1) ?? ''
  const written = path.join('.')
  if (path.length > 2 || (path.length === 2 && path[0] !== 'pg_catalog')) {
    return { risk: 'destructive', why: `nothing is known about the function ${written}` }
  }
  if (READS.has(name)) return { risk: 'read', why: `${written}() only reads` }
  if (CHANGES.has(name)) return { risk: 'change', why: `${written}() changes something` }
  if (name === 'pg_terminate_backend') return { risk: 'destructive', why: 'ends the session of others' }
  return {
    risk: 'destructive',
    why: `nothing is known about the function ${written}, or it has lasting effects`,
  }
}

function split(list: string): string[] {
  return list.split(/\s+/).filter((word) => word !== '')
}
