import type { ToolTable } from './facts.ts'

/** Networks and protocols. */
export const NETWORK: ToolTable = {
  'traceroute traceroute6 tracepath tracepath6 host whois geoiplookup ipcalc sipcalc delv tcptraceroute dnstracer':
    'read',
  drill: {
    does: 'read',
    values: 'b c d f i k o p q r t w y W',
    options: { 'w q': 'change: writes a packet to a file' },
  },
  dig: { values: 'b c f k m p q t x y', options: {} },
  'ovs-appctl ovn-appctl ovn-nbctl ovn-sbctl ovs-vsctl ovs-ofctl': {
    values: 't target db timeout log-file O flow-format',
    dashes: 'destructive: a further command',
    options: {
      'log-file pidfile detach monitor unixctl bootstrap-ca-cert bootstrap':
        'change: writes a file, or stays',
    },
    commands: {
      'cluster/status version list-commands vlog/list coverage/show dpif/show fdb/show show list get find dump-flows dump-ports dump-ports-desc dump-groups dump-tables dump-aggregate lr-list ls-list lsp-list lrp-list lr-route-list lr-nat-list acl-list lb-list lflow-list list-br list-ports list-ifaces port-to-br iface-to-br get-controller get-manager bond/show ofproto/list dpctl/show dpctl/dump-flows':
        'read',
    },
  },
  nslookup: { does: 'read', bare: 'destructive interactive: opens a session' },
  mtr: {
    does: 'read endless interactive: refreshes until it is stopped',
    values: 'c report-cycles i interval s psize F filename a address f first-ttl m max-ttl',
    ends: 'r report c report-cycles w report-wide j json x xml C csv',
  },
  ss: {
    values: 'f family A query socket D diag F filter N net',
    options: {
      'K kill': 'destructive: closes connections',
      'E events': 'read endless: follows connections',
      'D diag': 'change: writes a file',
    },
  },
  netstat: { values: '', options: { 'c continuous': 'read endless: repeats until it is stopped' } },
  arp: {
    does: 'read',
    values: 'i device H hw-type A protocol f',
    options: {
      's set f file': 'change: changes the table',
      'd delete': 'destructive: removes from the table',
    },
  },
  route: {
    does: 'read',
    values: 'A',
    options: { 'f flush': 'destructive: removes routes' },
    commands: {
      'add change': 'change: changes routes',
      'del delete flush': 'destructive: removes routes',
      get: 'read',
    },
  },
  ethtool: {
    does: 'read',
    values: '',
    only: 'i driver g show-ring k show-features show-offload c show-coalesce a show-pause S statistics l show-channels n show-nfc show-ntuple u T show-time-stamping x show-rxfh-indir show-rxfh P show-permaddr m module-info dump-module-eeprom d register-dump e eeprom-dump show-priv-flags show-eee show-fec show-tunnels show-module show-mm show-phys get-phy-tunable get-tunable get-plca-cfg get-plca-status phy-statistics all-groups groups json I include-statistics debug version h help',
    options: {
      's change K features offload G set-ring C coalesce A pause E change-eeprom f flash r negotiate p identify t test L set-channels N config-nfc U X set-rxfh-indir W set-dump w get-dump Q per-queue reset set-priv-flags set-eee set-phy-tunable set-tunable set-fec set-module set-mm set-plca-cfg set-pse cable-test cable-test-tdr config-ntuple':
        'change: changes the interface, or writes a file',
    },
  },
  'iptables ip6tables iptables-legacy ip6tables-legacy iptables-nft ip6tables-nft': {
    does: 'change: changes rules',
    values: 't table s d p j i o m dport sport',
    options: {
      'F flush X delete-chain D delete Z zero': 'destructive: removes rules',
      modprobe: 'destructive: runs a program',
    },
    harmless: 'L list S list-rules C check',
    neutral: 'n numeric v verbose x exact line-numbers w wait 4 6 ipv4 ipv6',
  },
  'iptables-save ip6tables-save': {
    values: 't table f file M modprobe',
    options: { 'f file': 'change file: writes a file', 'M modprobe': 'destructive: runs a program' },
  },
  'iptables-restore': 'destructive: replaces the rules',
  nft: {
    values: 'f file I D',
    options: { 'f file i interactive': 'destructive: runs a script' },
    harmless: 'c check',
    tamed: 'f file',
    commands: {
      list: { does: 'read', operands: { '[;\n]': 'destructive: a further command' } },
      'add insert create rename replace': 'change: changes rules',
      'delete flush destroy reset': 'destructive: removes rules',
      monitor: 'read endless: follows changes',
    },
  },
  ufw: {
    commands: {
      'status version app.list app.info show.raw show.listening show.added show.user-rules': 'read',
      'allow deny limit enable reload': 'change: changes rules',
      'delete reset disable reject': 'destructive: removes rules',
    },
  },
  'firewall-cmd': {
    does: 'change: changes rules',
    values: 'zone service',
    harmless:
      'state list-all list-services list-ports list-all-zones get-zones get-active-zones get-default-zone get-services list-rich-rules list-interfaces list-sources list-forward-ports list-protocols list-source-ports list-all-policies get-policies get-icmptypes get-zone-of-interface query-port query-service query-rich-rule query-masquerade query-panic info-zone info-service check-config',
    neutral: 'permanent',
  },
  conntrack: {
    does: 'destructive: changes connections',
    values:
      's d p f src dst proto orig-src orig-dst reply-src reply-dst orig-port-src orig-port-dst sport dport state mark zone o output family',
    options: { 'E event': 'read endless: follows connections' },
    harmless: 'L dump C count S stats',
    neutral: 'n',
  },
  ipvsadm: {
    does: 'destructive: changes services',
    harmless: 'L l list',
    neutral: 'n numeric stats rate timeout daemon sort exact c connection t u thresholds persistent-conn',
    values: 't u',
  },
  brctl: {
    commands: {
      'show showmacs showstp': 'read',
      'addbr addif setfd stp': 'change: changes a bridge',
      'delbr delif': 'destructive: removes a bridge',
    },
  },
  bridge: { commands: { 'link.show fdb.show vlan.show mdb.show link fdb vlan': 'read' } },
  nmcli: {
    bare: 'read',
    values: 'f fields g get-values m mode w',
    commands: {
      'general.status device.status device.show device.wifi.list connection.show con.show c.show dev.show dev.status d.show d.status':
        'read',
      'device connection general': 'read',
      'connection.up connection.modify connection.add device.connect connection.reload':
        'change: changes the network',
      'connection.down connection.delete device.disconnect device.delete':
        'destructive: takes the network down',
    },
  },
  'tcpdump tshark': {
    does: 'read endless: shows packets until it is stopped',
    ends: 'c r',
    values: 'i interface c count w r B C F G M s T V W y Y z Z E f d e o R a b',
    options: {
      w: 'change output: writes a file',
      z: 'destructive: runs a program',
      X: 'destructive: runs a script',
      'export-objects export-tls-session-keys': 'change: writes files',
    },
  },
  ngrep: {
    does: 'read endless: shows packets until it is stopped',
    values: 'I O d n s S W c P F A K',
    options: { O: 'change: writes a file', K: 'destructive: ends connections' },
  },
  nmap: {
    values: 'p P e g D o script script-args',
    options: {
      'o resume append-output': 'change: writes a file',
      'script A C script-updatedb interactive datadir': 'destructive: runs scripts',
    },
  },
  'ssh-keyscan': 'read',
  'ssh-keygen': {
    does: 'change: writes keys',
    values: 'f t b C N F R E',
    options: { 'R D': 'destructive: removes keys or loads a library' },
    harmless: 'l F B L',
    neutral: 'v q',
  },
  'ssh-add': {
    does: 'change: adds keys',
    harmless: 'l L',
    neutral: 'q v',
    options: { 'D d': 'destructive: removes keys', 's S e': 'destructive: loads a library' },
    values: 't s S e',
  },
  'ssh-copy-id': 'change: adds a key on another host',
  chronyc: {
    bare: 'destructive interactive: opens a session',
    values: 'h p f',
    options: { m: 'destructive: several commands', f: 'destructive: settings from a file' },
    commands: {
      'tracking sources sourcestats sourcename activity ntpdata selectdata authdata serverstats rtcdata smoothing manual.list':
        'read',
      clients: { does: 'read', options: { r: 'change: clears the counters' } },
      '*': 'change: changes the clock',
    },
  },
  amtool: {
    values: 'alertmanager.url config.file timeout o output author',
    commands: {
      'alert.query alert silence.query silence check-config config.show config.routes config.routes.test config.routes.show cluster.show template.render':
        'read',
      'silence.add alert.add silence.update': 'change: changes silences or alerts',
      'silence.expire': 'destructive: removes silences',
      'silence.import': 'destructive: runs from a file',
    },
  },
  promtool: {
    values: 'http.config.file headers',
    commands: {
      'test.rules': { does: 'read', values: 'junit run', options: { junit: 'change: writes a file' } },
      'check.* query.* tsdb.list tsdb.analyze tsdb.dump check.config check.rules check.metrics query.instant query.range query.series query.labels':
        'read',
      'push.metrics tsdb.create-blocks-from': 'change: writes samples',
      'debug.*': 'change: writes a file',
    },
  },
  logcli: {
    values:
      'addr org-id bearer-token username password since from to limit batch o output timezone cpuprofile memprofile',
    options: { 'cpuprofile memprofile': 'change: writes a profile to a file' },
    commands: {
      'delete.list': 'read',
      'delete.create': 'destructive: asks for logs to be deleted',
      'delete.cancel': 'change: withdraws a request',
      'query instant-query labels series stats volume volume_range detected-fields': {
        options: {
          'tail f': 'read endless: follows the log',
          'part-path-prefix merge-parts': 'change: writes files',
        },
      },
    },
  },
  'ab hey wrk k6 siege vegeta locust': 'destructive: puts load on a service',
}
