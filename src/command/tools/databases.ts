import type { ToolTable } from './facts.ts'

const PG =
  'h host p port U username d dbname n schema t table T exclude-table N exclude-schema role f file j jobs Z compress F format E encoding S superuser l database lock-wait-timeout snapshot section exclude-table-data connection maintenance-db rows-per-insert extra-float-digits exclude-database filter include-foreign-data sync-method restrict-key'

/** Settings of a client that the machine has; others can name a library to load. */
const OWN_SETTINGS = '^(?:/etc/[\\w./-]+|/root/\\.my\\.cnf|~/\\.my\\.cnf|/home/\\w+/\\.my\\.cnf)$'
const MYSQL_CODE = {
  'plugin-dir default-auth': 'destructive: loads a library',
  'init-command init-command-add': 'destructive: runs a statement',
}

/** Databases, caches and queues, beside psql, mysql and redis-cli themselves. */
export const DATABASES: ToolTable = {
  'pg_dump pg_dumpall': {
    does: 'read: prints a dump',
    values: PG,
    options: { 'f file': 'change output: writes a file', 'c clean': 'read' },
  },
  pg_restore: {
    does: 'read: prints what would be restored',
    values: `${PG} I index P function L use-list transaction-size`,
    options: {
      'f file': 'change output: writes a file',
      'd dbname': 'change: restores into a database',
      'c clean C create': 'destructive: drops what is there before it restores',
    },
    harmless: 'l list',
  },
  'createdb createuser vacuumdb reindexdb clusterdb pg_basebackup pg_receivewal initdb pg_upgrade createlang pg_amcheck pg_verifybackup pg_createsubscriber':
    { does: 'change: works on a server', values: PG },
  'dropdb dropuser droplang pg_resetwal pg_rewind pg_archivecleanup': {
    does: 'destructive: drops or overwrites',
    values: PG,
    options: {},
  },
  'pg_isready pg_controldata pg_config pg_lsclusters': 'read',
  pg_waldump: {
    does: 'read',
    values: 'B block e end F fork n limit p path r rmgr R relation s start t timeline x xid save-fullpage',
    options: {
      'save-fullpage': 'change: writes pages to files',
      'f follow': 'read endless: follows the log',
    },
  },
  pg_activity: {
    does: 'read endless interactive: refreshes until it is stopped',
    values: 'U username p port h host d dbname output',
    options: { output: 'change: writes a file' },
  },
  pgbench: {
    does: 'change: puts load on a server',
    values: `${PG} c client s scale T time j jobs`,
    options: {
      'i initialize': 'destructive: drops and creates tables',
      'f file': 'destructive: runs a script',
    },
  },
  pg_ctl: {
    values: 'D pgdata l log m mode o options t timeout p P U N S e',
    commands: {
      status: 'read',
      'start restart reload promote logrotate': 'change: changes a server',
      'stop kill init initdb': 'destructive: stops or replaces a server',
    },
  },
  pg_ctlcluster: 'change: changes a server',
  patronictl: {
    values: 'c config-file d dcs-url dcs f format member',
    shows: { 'c config-file': '^(?:/etc/|/opt/|/home/postgres/|~/)' },
    commands: {
      'list topology history show-config version dsn': {
        does: 'read',
        values: 'w watch',
        options: { 'w watch W': 'read endless: repeats until it is stopped' },
      },
      'reload restart switchover failover pause resume flush configure demote-cluster promote-cluster':
        'change: changes a cluster',
      'edit-config': 'change interactive: opens an editor',
      'reinit remove query': 'destructive: replaces a member, or runs SQL',
    },
  },
  pgbackrest: {
    style: 'gnu',
    values: 'stanza config log-level-console output set repo type',
    shows: { 'config config-path config-include-path': '^/etc/' },
    options: {
      'cmd cmd-ssh repo-host-cmd repo1-host-cmd repo2-host-cmd repo3-host-cmd repo4-host-cmd pg-host-cmd pg1-host-cmd pg2-host-cmd pg3-host-cmd pg4-host-cmd pg5-host-cmd pg6-host-cmd pg7-host-cmd pg8-host-cmd':
        'destructive: names a program to run',
      'log-path log-level-file': 'change: writes a log',
    },
    commands: {
      'info version help verify repo-ls': 'read',
      check: 'change: switches to a new segment of the log, and archives it',
      'backup start stop stanza-create stanza-upgrade annotate': 'change: backs up',
      'expire restore stanza-delete repo-rm archive-push archive-get': 'destructive: deletes or overwrites',
    },
  },
  barman: {
    values: 'c config',
    shows: { 'c config': '^/etc/' },
    commands: {
      'list-server list-servers list-backup list-backups show-server show-servers show-backup status check diagnose list-files replication-status show-backup-id':
        'read',
      'check-backup': 'change: may set the state of a backup',
      'backup cron receive-wal switch-wal switch-xlog keep sync-backup': 'change: backs up',
      'delete recover': 'destructive: deletes or overwrites',
    },
  },
  repmgr: {
    values: 'f config-file L log-level',
    shows: { 'f config-file': '^(?:/etc/|/var/lib/|/opt/)' },
    commands: {
      'cluster.show cluster.event cluster.matrix cluster.crosscheck node.status node.check daemon.status service.status':
        'read',
      'standby.register primary.register node.rejoin standby.follow witness.register':
        'change: changes a cluster',
      'standby.switchover standby.promote standby.clone cluster.cleanup primary.unregister standby.unregister':
        'destructive: changes roles or overwrites',
    },
  },
  'wal-g': {
    values: 'config',
    shows: { config: '^/etc/' },
    commands: {
      'backup-list wal-show wal-verify': 'read',
      'backup-push wal-push': 'change: backs up',
      'delete backup-fetch wal-fetch': 'destructive: deletes or overwrites',
    },
  },
  'mysqldump mariadb-dump': {
    does: 'read: prints a dump',
    values:
      'u user h host P port r result-file T tab w where S socket defaults-file defaults-extra-file plugin-dir default-auth init-command dir',
    shows: { 'defaults-file defaults-extra-file': OWN_SETTINGS },
    options: {
      'r result-file T tab dir log-error debug #': 'change: writes files',
      'F flush-logs flush-privileges': 'change: flushes',
      'dump-slave dump-replica': 'change: stops the replica while it dumps',
      'delete-master-logs delete-source-logs': 'destructive: deletes logs',
      ...MYSQL_CODE,
    },
  },
  'mysqladmin mariadb-admin': {
    values:
      'u user h host P port S socket i sleep c count defaults-file defaults-extra-file plugin-dir default-auth init-command',
    shows: { 'defaults-file defaults-extra-file': OWN_SETTINGS },
    options: { 'debug #': 'change: writes a file', ...MYSQL_CODE },
    commands: {
      // A part of a name that fits no other will do: `mysqladmin proc stat`.
      'ping status stat extended-status ext processlist proc variables var version ver': {
        does: 'read',
        options: { 'i sleep': 'read' },
        operands: {
          '^(?!(?:ping|status|stat|extended-status|ext|processlist|proc|variables|var|version|ver)$)':
            'destructive: a further command',
        },
      },
      'reload refresh flush-hosts flush-logs flush-privileges flush-status flush-tables flush-threads start-replica stop-replica start-slave stop-slave create password':
        'change: changes a server',
      'shutdown kill drop': 'destructive: stops, ends or drops',
    },
  },
  'mysqlcheck mysqlshow': {
    does: 'read',
    values:
      'u user h host P port S socket plugin-dir default-auth init-command defaults-file defaults-extra-file process-views',
    shows: { 'defaults-file defaults-extra-file': OWN_SETTINGS },
    options: {
      ...MYSQL_CODE,
      'process-views use-frm persistent Z': 'change: works on tables',
      'o optimize r auto-repair repair a analyze fix-db-names fix-table-names f': 'change: works on tables',
    },
  },
  'mongodump mongoexport mongorestore mongoimport': {
    does: 'change: writes files or rows',
    values: 'u h d c o out',
    options: { drop: 'destructive: drops before it restores' },
  },
  'clickhouse-client snowsql sqlcmd sqlplus cypher-shell':
    'destructive interactive: runs code, or opens a session',
  'mongostat mongotop': {
    does: 'read endless: refreshes until it is stopped',
    values: 'n rowcount host h port u username p password uri',
    ends: 'n rowcount',
  },
  'etcdctl etcdutl': {
    values:
      'endpoints cacert cert key user password w write-out command-timeout dial-timeout keepalive-time keepalive-timeout insecure-transport discovery-srv limit order sort-by rev consistency C endpoint ca-file cert-file key-file timeout',
    commands: {
      'get endpoint.status endpoint.health endpoint.hashkv member.list alarm.list snapshot.status lease.list lease.timetolive user.list user.get role.list role.get auth.status version ls cluster-health hashkv':
        'read',
      watch: {
        does: 'read endless: follows a key',
        dashes: 'destructive: runs a program on each event',
      },
      lock: { runs: 1, bare: 'change: takes a lock', does: 'change: takes a lock' },
      'check.perf check.datascale': 'change: puts load on the cluster',
      'put set mk mkdir update snapshot.save compaction defrag move-leader member.add member.update member.promote lease.grant lease.keep-alive user.add user.passwd user.grant-role role.add role.grant-permission auth.enable elect make-mirror alarm.disarm backup':
        'change: changes keys or the cluster',
      'del rm rmdir snapshot.restore member.remove lease.revoke user.delete user.revoke-role role.delete role.revoke-permission auth.disable migrate':
        'destructive: deletes',
    },
  },
  consul: {
    values:
      'http-addr token token-file ca-file ca-path client-cert client-key datacenter namespace partition wait type state format log-level node service',
    style: 'go',
    commands: {
      'members info version catalog.datacenters catalog.nodes catalog.services kv.get kv.export operator.raft.list-peers operator.autopilot.get-config operator.autopilot.state intention.list intention.check intention.get intention.match acl.token.list acl.policy.list acl.policy.read acl.role.list acl.token.read config.read config.list snapshot.inspect rtt validate peering.list peering.read':
        'read',
      monitor: 'read endless: follows the log',
      watch: 'destructive: runs a program on each change',
      'kv.put kv.import join maint reload snapshot.save operator.autopilot.set-config intention.create acl.token.create acl.policy.create config.write event login services.register keygen debug':
        'change: changes the cluster',
      'kv.delete leave force-leave operator.raft.remove-peer intention.delete acl.token.delete acl.policy.delete config.delete snapshot.restore services.deregister logout lock exec keyring operator.raft.transfer-leader':
        'destructive: deletes, leaves, or runs something',
    },
  },
  vault: {
    values: 'address namespace format field mount version ca-cert ca-path client-cert client-key wrap-ttl',
    style: 'go',
    options: { 'wrap-ttl': 'change secret: mints a token that opens the answer' },
    commands: {
      'operator.raft.snapshot.inspect plugin.info pki.health-check pki.list-intermediates auth.help status version list kv.list secrets.list auth.list policy.list token.capabilities audit.list operator.members operator.raft.list-peers operator.raft.autopilot.state operator.key-status plugin.list namespace.list lease.lookup path-help kv.metadata.get policy.read':
        'read',
      'kv.get token.lookup': 'read secret: shows secrets',
      read: {
        does: 'read secret: shows secrets',
        operands: {
          '(?:^|/)(?:creds|sts|roleset|(?:static|impersonated)-account)/|(?:^|/)oidc/token/|^(?!auth/|sys/)[\\w-]+/(?:key|token)/':
            'change secret: mints a credential',
        },
      },
      'token.create login': 'change secret: mints a token',
      'write kv.put kv.patch kv.undelete kv.rollback kv.enable-versioning secrets.enable secrets.tune auth.enable auth.tune policy.write lease.renew token.renew operator.unseal operator.step-down operator.raft.snapshot.save operator.raft.join audit.enable namespace.create kv.metadata.put unwrap wrap':
        'change: changes secrets or the server',
      'delete kv.delete kv.destroy kv.metadata.delete secrets.disable secrets.move auth.disable policy.delete lease.revoke token.revoke operator.seal operator.init operator.rekey operator.rotate operator.raft.remove-peer operator.raft.snapshot.restore audit.disable namespace.delete operator.generate-root':
        'destructive: deletes, seals or revokes',
      monitor: 'read endless: follows the log',
    },
  },
  nomad: {
    values: 'address region namespace token ca-cert ca-path client-cert client-key t n c task job group',
    style: 'go',
    commands: {
      'job.plan plan job.validate validate job.scaling-events operator.snapshot.inspect status version node.status job.status job.history job.inspect job.deployments job.allocs alloc.status alloc.fs server.members operator.raft.list-peers operator.autopilot.get-config deployment.status deployment.list eval.status eval.list namespace.list acl.token.self agent-info plugin.status volume.status var.list service.list service.info':
        'read',
      'alloc.logs logs': { does: 'read', options: { f: 'read endless: follows the log' } },
      monitor: 'read endless: follows the log',
      'job.run job.revert job.dispatch job.scale job.promote job.restart job.eval node.eligibility alloc.restart deployment.promote deployment.pause deployment.resume system.reconcile run':
        'change: changes jobs',
      'job.stop node.drain alloc.stop alloc.signal deployment.fail system.gc server.force-leave stop namespace.delete':
        'destructive: stops or drains',
    },
  },
  'kafka-topics kafka-topics.sh': {
    does: 'change: changes topics',
    values:
      'bootstrap-server zookeeper topic command-config partitions replication-factor config replica-assignment',
    options: { delete: 'destructive: deletes topics', 'create alter': 'change: changes topics' },
    harmless: 'list describe',
  },
  'kafka-consumer-groups kafka-consumer-groups.sh': {
    does: 'change: changes groups',
    values:
      'bootstrap-server group command-config topic timeout to-offset to-datetime shift-by by-duration from-file',
    options: { 'delete delete-offsets execute': 'destructive: deletes or moves offsets' },
    harmless: 'list describe dry-run',
  },
  'kafka-metadata-quorum kafka-metadata-quorum.sh': {
    values: 'bootstrap-server bootstrap-controller command-config',
    commands: { describe: 'read', '*': 'change: changes the quorum' },
  },
  'kafka-reassign-partitions kafka-reassign-partitions.sh': {
    does: 'change: moves partitions, or removes throttles',
    values:
      'bootstrap-server zookeeper reassignment-json-file topics-to-move-json-file broker-list throttle command-config',
    options: {
      cancel: 'destructive: stops a move',
      'execute verify': 'change: moves partitions, or removes throttles',
    },
    harmless: 'list generate',
  },
  'kafka-leader-election kafka-leader-election.sh kafka-preferred-replica-election.sh':
    'change: moves leaders',
  'kafka-configs kafka-configs.sh kafka-acls kafka-acls.sh': {
    does: 'change: changes settings',
    values: 'bootstrap-server zookeeper entity-type entity-name command-config topic group',
    options: { remove: 'destructive: removes rights', 'alter add': 'change: changes settings' },
    harmless: 'list describe',
  },
  'kafka-log-dirs kafka-log-dirs.sh kafka-broker-api-versions kafka-broker-api-versions.sh kafka-get-offsets kafka-get-offsets.sh':
    'read',
  'kafka-console-consumer kafka-console-consumer.sh': {
    does: 'read endless: follows a topic',
    values:
      'bootstrap-server topic partition offset max-messages timeout-ms property formatter group consumer.config consumer-property command-config command-property value-deserializer key-deserializer isolation-level',
    options: {
      'group consumer.config consumer-property command-config command-property':
        'change: may move the offsets of a group',
      'formatter value-deserializer key-deserializer formatter-config': 'destructive: names code to run',
    },
    ends: 'max-messages',
  },
  'kafka-dump-log kafka-dump-log.sh': {
    does: 'read',
    values: 'files max-message-size max-bytes value-decoder-class key-decoder-class',
    options: { 'value-decoder-class key-decoder-class': 'destructive: names code to run' },
  },
  'kafka-cluster kafka-cluster.sh': {
    values: 'b bootstrap-server B bootstrap-controller c config',
    commands: { 'cluster-id list-endpoints': 'read', unregister: 'destructive: removes a broker' },
  },
  'kafka-features kafka-features.sh': {
    values: 'bootstrap-server bootstrap-controller command-config',
    commands: { describe: 'read', '*': 'change: changes features' },
  },
  'rabbitmq-plugins': {
    values: 'n node t timeout formatter',
    commands: {
      'list is_enabled directories version help': 'read',
      'enable disable set': 'change: changes the broker',
    },
  },
  'kafka-console-producer kafka-console-producer.sh': 'change interactive: writes messages',
  'rabbitmqctl rabbitmq-diagnostics rabbitmq-queues': {
    values: 'n node p vhost t timeout formatter',
    commands: {
      'status list_* cluster_status environment report ping node_health_check check_* alarms memory_breakdown listeners server_version is_booting is_running log_location schema_info quorum_status resolve_hostname discover_peers certificates cipher_suites erlang_version maybe_stuck os_env version help tls_versions':
        'read',
      log_tail: 'read',
      'log_tail_stream observer consume_event_stream': 'read endless: refreshes until it is stopped',
      'add_* set_* await_* enable_* start_app sync_queue cancel_sync_queue change_password rotate_logs trace_on trace_off join_cluster update_* rename_* restart_vhost resume_listeners suspend_listeners grow':
        'change: changes the broker',
      'stop stop_app shutdown reset force_reset delete_* purge_queue clear_* close_* eval eval_file exec forget_cluster_node force_boot decode encode shrink disable_* force_gc rebalance':
        'destructive: stops, deletes, or runs code',
    },
  },
  nodetool: {
    style: 'go',
    values: 'h host p port u username pw password pwf password-file H',
    commands: {
      'status info ring tpstats tablestats cfstats compactionstats compactionhistory describecluster netstats gossipinfo version proxyhistograms tablehistograms cfhistograms getendpoints getcompactionthreshold getcompactionthroughput getstreamthroughput getlogginglevels gcstats listsnapshots describering rangekeysample statusgossip statusbinary statusbackup statushandoff toppartitions viewbuildstatus failuredetector help datapaths getseeds gettimeout clientstats getsstables getreplicas getconcurrency getconcurrentcompactors statusautocompaction repair_admin.list':
        'read',
      'repair cleanup flush compact upgradesstables scrub snapshot rebuild enable* set* reload* refresh garbagecollect relocatesstables pausehandoff resumehandoff disableautocompaction disablebackup disablehandoff invalidate*':
        'change: works on a node',
      'decommission removenode assassinate drain stopdaemon move clearsnapshot truncatehints disablegossip disablebinary stop rebuild_index':
        'destructive: takes a node or data away',
    },
  },
  ceph: {
    values:
      'c conf n name id k keyring cluster m mon-host f format connect-timeout W watch-channel setuser setgroup o out-file i in-file',
    bare: 'destructive interactive: opens a session',
    harmless: 's status health w watch W watch-channel v version',
    options: {
      'w watch W watch-channel': 'read endless: follows the log',
      'o out-file': 'change file: writes a file',
      's status health': 'read',
    },
    commands: {
      'status health health.detail df df.detail version versions osd.tree osd.status osd.df osd.df.tree osd.stat osd.dump osd.perf osd.pool.ls osd.pool.ls.detail osd.pool.get osd.pool.stats osd.lspools osd.find osd.metadata osd.blocked-by osd.utilization osd.ok-to-stop osd.safe-to-destroy osd.crush.tree osd.crush.rule.ls osd.crush.rule.dump osd.crush.dump pg.stat pg.dump pg.ls pg.dump_stuck pg.map pg.ls-by-osd pg.ls-by-pool mon.stat mon.dump mon.metadata quorum_status mgr.stat mgr.dump mgr.module.ls mgr.services fs.ls fs.status fs.dump fs.get mds.stat mds.metadata features fsid config.dump config.get config.show crash.ls crash.info crash.stat device.ls log.last balancer.status orch.ls orch.ps orch.host.ls orch.device.ls orch.status fs.subvolume.ls fs.subvolume.info fs.subvolume.getpath fs.subvolume.snapshot.ls fs.subvolume.snapshot.info fs.subvolumegroup.ls fs.subvolumegroup.getpath fs.subvolumegroup.info time-sync-status node.ls service.dump telemetry.status report osd.ls osd.ls-tree osd.pool.autoscale-status osd.erasure-code-profile.ls osd.erasure-code-profile.get osd.count-metadata osd.numa-status config-key.ls crash.ls-new fs.subvolume.snapshot.getpath pg.*.query pg.*.list_unfound pg.*.list_missing daemon.*.perf.dump daemon.*.config.show daemon.*.config.get daemon.*.ops daemon.*.dump_ops_in_flight daemon.*.dump_historic_ops daemon.*.status daemon.*.version daemon.*.help':
        { does: 'read' },
      'auth.get auth.ls auth.list auth.get-key auth.print-key': 'read secret: shows keys',
      'auth.get-or-create auth.add auth.caps': 'change secret: makes a key',
      'osd.set osd.unset osd.in osd.reweight osd.pool.set osd.pool.create osd.crush.reweight pg.repair pg.scrub pg.deep-scrub config.set config.rm crash.archive crash.archive-all mgr.module.enable mgr.module.disable mgr.fail orch.restart orch.daemon.restart balancer.on balancer.off osd.scrub osd.deep-scrub':
        'change: changes the cluster',
      '*': 'destructive: may take data away',
    },
  },
  rados: {
    values: 'p pool n name c conf k keyring N namespace format f target-pool',
    commands: {
      'lspools df stat lssnap listsnaps listxattr getxattr listomapkeys listomapvals list-inconsistent-pg list-inconsistent-obj':
        'read',
      'ls list': { does: 'read', writesOperand: 0 },
      'create put get cp import export': 'change: changes objects or files',
      '*': 'destructive: may take data away',
    },
  },
  rbd: {
    values: 'p pool n name c conf k keyring image',
    commands: {
      'ls list lspools df info status du showmapped snap.ls snap.list stat listsnaps trash.ls mirror.pool.status mirror.image.status mirror.pool.info device.list lock.ls lock.list children image-meta.list diff':
        'read',
      'create map snap.create put get cp import export clone': 'change: changes objects',
      '*': 'destructive: may take data away',
    },
  },
  'radosgw-admin': {
    values:
      'uid subuid bucket bucket-id object rgw-realm rgw-zonegroup rgw-zone rgw-region format n name c conf k keyring max-entries start-date end-date tenant shard-id source-zone',
    options: { 'fix purge-data purge-objects purge-keys': 'destructive: mends or deletes' },
    commands: {
      'user.list bucket.list bucket.stats bucket.limit.check bucket.sync.status realm.list realm.get realm.get-default zonegroup.list zonegroup.get zone.list zone.get period.get period.get-current period.list sync.status sync.info data.sync.status metadata.sync.status usage.show lc.list reshard.list reshard.status quota.get log.list sync.error.list datalog.status mdlog.status':
        'read',
      'user.info metadata.get': 'read secret: shows keys',
      '*': 'destructive: may delete',
    },
  },
  'kcat kafkacat': {
    does: 'change: may write messages',
    values: 'b t p o c m X F G K D k d s r f',
    options: {
      P: 'change: writes messages',
      C: 'read endless: follows a topic',
      G: 'change endless: joins a group',
      'F X': 'destructive: settings that can load code',
    },
    harmless: 'L Q C',
  },
}
