import type { ToolTable } from './facts.ts'

/**
 * Servers and what watches over them.
 *
 * Compared, verb by verb: nginx.org "Command-line parameters", haproxy(1), supervisord.org "Running supervisorctl",
 * pm2.keymetrics.io "CLI Command Reference", gitlab-ctl's own help, docs.cilium.io "Command Reference",
 * docs.tigera.io "calicoctl", certbot(1); hwclock(8), ldconfig(8) and hostnamectl(1) with their manual pages. The others are
 * from their manuals as known and were **not** compared: what is called `read` of them is only what prints a state,
 * and every verb that is not listed is not understood.
 */
export const SERVICES: ToolTable = {
  nginx: {
    does: 'change: starts or signals the server',
    values: 's c e p g',
    options: {
      g: 'destructive: directives that can load code',
      s: 'change: signals the server',
      e: 'change file: writes a log',
    },
    harmless: 't T v V h ?',
    neutral: 'q',
  },
  'apachectl apache2ctl httpd apache2': {
    does: 'change: starts or signals the server',
    values: 'k f d D e E C c',
    options: { 'C c': 'destructive: directives that can load code' },
    harmless: 't S M L l V v',
    neutral: '',
    commands: {
      'configtest status fullstatus': 'read',
      'graceful restart start': 'change: starts or signals the server',
      'stop graceful-stop': 'destructive: stops the server',
    },
  },
  haproxy: {
    does: 'change: starts the server',
    values: 'f C p L n m x S',
    harmless: 'c v vv',
    neutral: 'V q',
  },
  supervisorctl: {
    bare: 'destructive interactive: opens a session',
    values: 'c configuration s serverurl u username p password r history-file',
    options: { 'i interactive': 'destructive interactive: opens a session' },
    commands: {
      'status avail pid version help': 'read',
      'tail maintail': { does: 'read', options: { f: 'read endless: follows the log' } },
      'start restart reload reread update add signal': 'change: changes what runs',
      'stop remove shutdown clear fg': 'destructive: stops or clears something',
    },
  },
  pm2: {
    bare: 'read',
    values: 'lines name i instances n',
    commands: {
      'list ls l status ps jlist prettylist describe desc show info id pid report': 'read',
      'ping get set multiset unset conf config': 'change: starts the daemon or changes settings',
      'logs log': { does: 'read endless: follows the log', ends: 'nostream' },
      'monit dash dashboard imonit': 'read endless interactive: refreshes until it is stopped',
      'start restart reload gracefulReload startOrRestart startOrReload scale reset save dump resurrect update reloadLogs':
        'change: changes what runs',
      'stop delete del kill flush sendSignal unstartup': 'destructive: stops or clears something',
    },
  },
  'gitlab-ctl': {
    values: '',
    commands: {
      'status service-list help diff-config check-config get-redis-master patroni.members patroni.check-leader patroni.check-replica':
        'read',
      'show-config': 'read secret: shows the configuration',
      tail: 'read endless: follows logs',
      'pgb-console': 'destructive interactive: opens a session',
      'start restart reconfigure hup once usr1 usr2 patroni.pause patroni.resume patroni.reload patroni.restart upgrade':
        'change: changes what runs',
      'stop kill graceful-kill int term cleanse uninstall remove-accounts patroni.failover patroni.switchover patroni.reinitialize-replica':
        'destructive: stops or removes something',
    },
  },
  varnishstat: {
    does: 'read endless interactive: refreshes until it is stopped',
    ends: '1 x j l',
    values: 'f n t',
  },
  'varnishlog varnishncsa varnishtop varnishhist': {
    does: 'read endless: follows requests',
    values: 'n q g i I x X T L w F R r',
    options: { w: 'change file: writes a file', 'D P': 'change: runs in the background' },
    ends: 'd r 1',
  },
  mailq: { does: 'read', only: 'v Ac bp' },
  exiqgrep: {
    does: 'read',
    values: 'f r s y o C E',
    options: { 'C E': 'destructive: names a program or its settings' },
  },
  qshape: 'read',
  postqueue: {
    does: 'change: delivers mail',
    values: 'i s c',
    harmless: 'p j',
    neutral: 'v',
  },
  postsuper: 'destructive: changes or deletes queued mail',
  postconf: {
    does: 'read',
    values: 'c C o',
    options: { 'e X M F P #': 'change: changes settings' },
    operands: { '=': 'change: changes settings' },
  },
  'exim exim4': {
    does: 'destructive: delivers or removes mail',
    harmless: 'bp bpc bpr bpu bpa bV bP bt bv',
    neutral: '',
    style: 'go',
  },
  certbot: {
    does: 'change: renews certificates',
    values: 'cert-name d domain w webroot-path config-dir work-dir logs-dir',
    options: {
      'pre-hook post-hook deploy-hook renew-hook manual-auth-hook manual-cleanup-hook':
        'destructive: runs a program',
    },
    commands: {
      'certificates plugins show_account': 'read',
      'renew certonly run install enhance reconfigure': 'change: renews certificates',
      'delete revoke unregister': 'destructive: removes certificates',
    },
  },
  'ldapsearch ldapwhoami ldapcompare': {
    does: 'read',
    values: 'H h p D w y b s a l z f e E o O R U X Y Z P F T S',
    options: { t: 'change: writes values to files', 'W I': 'read interactive: asks for a password' },
  },
  'ldapmodify ldapadd ldappasswd ldapmodrdn': 'change: changes the directory',
  ldapdelete: 'destructive: deletes entries',
  'snmpget snmpwalk snmpbulkwalk snmpbulkget snmpgetnext snmptable snmpstatus snmpdf snmptranslate': {
    does: 'read',
    values: 'L',
    options: { L: 'change: may log to a file' },
  },
  'snmpset snmptrap snmpinform': 'change: sets or sends something',
  ipmitool: {
    values: 'H U P I p L o t b T B S R N E k y f A C',
    options: { 'o file': 'read' },
    commands: {
      'sel.list sel.elist sel.info sdr sdr.list sdr.elist sdr.type sdr.info sensor sensor.list chassis.status chassis.power.status power.status fru fru.print mc.info lan.print user.list session.info dcmi.power.reading sel.get chassis.restart_cause bmc.info mc.guid channel.info':
        'read',
      'chassis.identify mc.reset user.set lan.set chassis.bootdev power.on chassis.power.on sensor.thresh':
        'change: changes the controller',
      '*': 'destructive: may cut the power or clear the log',
    },
  },
  'nvidia-smi': {
    does: 'read',
    values:
      'i id f filename l loop lms loop-ms query-gpu query-compute-apps query-supported-clocks query-accounted-apps query-retired-pages query-remapped-rows format d display',
    only: 'q query x xml-format L list-gpus B list-excluded-gpus u unit h help',
    options: {
      'l loop lms loop-ms': 'read endless: repeats until it is stopped',
      'f filename': 'change file: writes a file',
    },
    commands: {
      topo: { does: 'read', only: 'm matrix mp matrix_pci n nearest p path c cpu p2p h help i id' },
      'nvlink dmon pmon': 'destructive: not judged',
    },
  },
  keytool: {
    does: 'change: changes a key store',
    style: 'go',
    values: 'keystore storepass alias storetype provider providerclass file',
    harmless: 'list printcert printcertreq printcrl showinfo',
    neutral: 'v rfc cacerts noprompt',
    options: {
      delete: 'destructive: deletes a key',
      'provider providerclass providerpath addprovider': 'destructive: loads code',
    },
  },
  'cilium cilium-dbg': {
    values: 'n namespace context kubeconfig o output H host config',
    commands: {
      'status version config.get config.view bgp.peers bgp.routes features.status endpoint.list endpoint.get endpoint.health endpoint.log identity.list identity.get service.list service.get node.list policy.get policy.selectors ip.list map.get bpf.ipcache.list bpf.egress.list bpf.metrics.list nodeid.list ip.get lrp.list bpf.ct.list bpf.lb.list bpf.endpoint.list bpf.policy.get bpf.tunnel.list bpf.nat.list fqdn.cache.list clustermesh.status encrypt.status encryption.status map.list metrics.list':
        'read',
      debuginfo: {
        does: 'read',
        options: { 'f file file-per-command output-directory': 'change: writes files' },
      },
      monitor: 'read endless: follows events',
      'connectivity.test connectivity.perf sysdump install upgrade hubble.enable clustermesh.enable clustermesh.connect config.set config':
        'change: changes the cluster or writes files',
      '*': 'destructive: may take something away',
    },
  },
  'cilium-health': { commands: { 'status get ping': 'read' }, values: 'H o' },
  hubble: {
    values: 'server o output last since until namespace pod port verdict protocol',
    commands: {
      observe: { does: 'read', options: { 'f follow': 'read endless: follows flows' } },
      'status list version': 'read',
    },
  },
  calicoctl: {
    values: 'c config n namespace o output l log-level context f filename export ip',
    commands: {
      'get version node.status ipam.show cluster.info convert validate': 'read',
      'ipam.check': { does: 'read', options: { 'o output': 'change output: writes a report' } },
      'node.diags node.run create replace apply patch label ipam.configure ipam.split datastore.migrate':
        'change: changes the network',
      'delete ipam.release': 'destructive: deletes',
    },
  },
  ipset: {
    values: 'o output f file',
    options: { 'f file': 'change: writes a file' },
    commands: {
      'list save version help test': 'read',
      'create add rename swap': 'change: changes a set',
      'del destroy flush restore': 'destructive: removes from a set',
    },
  },
  tc: {
    values: 'b batch n netns cf conf',
    options: { 'b batch force': 'destructive: runs commands from a file' },
    style: 'go',
    commands: {
      'qdisc.show qdisc.list qdisc.ls class.show class.list class.ls filter.show filter.list filter.ls action.ls action.list chain.show qdisc class filter':
        'read',
      'qdisc.add qdisc.change qdisc.replace class.add class.change class.replace filter.add filter.replace':
        'change: shapes traffic',
      '*': 'destructive: may take a rule away',
    },
  },
  nfsstat: { does: 'read', options: { 'z zero': 'destructive: clears the counters' } },
  gluster: {
    bare: 'destructive interactive: opens a session',
    values: 'remote-host log-file mode',
    options: { 'log-file': 'change file: writes a log' },
    commands: {
      'volume.status volume.info volume.list volume.get volume.heal.*.info volume.rebalance.*.status peer.status pool.list snapshot.list snapshot.info version':
        'read',
      '*': 'destructive: may take data away',
    },
  },
  ldconfig: { does: 'change: rebuilds the cache or the links', harmless: 'p print-cache', neutral: 'v N X' },
  hwclock: {
    does: 'read',
    only: 'r show get predict getepoch param-get u utc l localtime v verbose D debug directisa help version test',
    options: {
      'w systohc s hctosys a adjust set systz setepoch param-set vl-clear': 'change: sets a clock',
    },
    values: 'date f rtc adjfile delay epoch',
  },
  ntpdate: { does: 'change: sets the clock', harmless: 'q', neutral: 'u v d', values: 'p t k a o' },
  'apt-mark': {
    commands: {
      'showauto showmanual showhold': 'read',
      'hold unhold auto manual': 'change: marks packages',
    },
  },
  chage: { does: 'change: changes an account', harmless: 'l list', neutral: '' },
  faillock: { does: 'read', values: 'user dir', options: { reset: 'change: resets the count' } },
  jinfo: {
    does: 'read',
    style: 'go',
    values: 'flag',
    only: 'flags sysprops h help',
    options: { flag: 'change: sets a flag' },
  },
  'py-spy': {
    commands: {
      dump: { does: 'read', values: 'p pid' },
      top: 'read endless interactive: refreshes until it is stopped',
      record: 'change: writes a file',
    },
  },
  'docker-machine': {
    commands: {
      'ls status ip inspect active config url version env': 'read',
      'create start restart provision regenerate-certs upgrade scp': 'change: changes a machine',
      'rm stop kill ssh mount': 'destructive: removes, stops or opens a session',
    },
  },
  'runc crun': {
    values: 'root log log-format',
    options: { log: 'change file: writes a log' },
    commands: {
      'list state ps features': 'read',
      events: { does: 'read endless: follows events', ends: 'stats' },
      '*': 'destructive: changes containers',
    },
  },
  rabbitmqadmin: {
    values:
      'H host P port V vhost u username p password c config N node f format U base-uri path-prefix d depth S sort',
    options: { 'c config': 'destructive: reads settings from a file' },
    commands: {
      'list show help': 'read',
      'declare publish export import': 'change: changes the broker or writes a file',
      'delete purge get close': 'destructive: takes messages or objects away',
    },
  },
  'redis-benchmark memtier_benchmark': 'change: writes keys and puts load on a server',
}
