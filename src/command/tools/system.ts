import type { ToolTable } from './facts.ts'

/** Processes, services, logs, packages and the kernel. */
export const SYSTEM: ToolTable = {
  'ps pgrep pidof pstree uptime w who whoami last lastb users id groups logname uname arch lscpu lsmem lspci lsusb lsmod modinfo lsns lsipc ipcs locale getconf getent printenv tty pwdx lslocks lslogins finger acpi systemd-cgls systemd-detect-virt systemd-path systemd-id128 ntpstat pldd numastat getenforce sestatus seinfo aa-status ldd readelf size lsscsi dpkg-query repoquery needs-restarting check-support-status':
    'read',
  free: {
    does: 'read',
    values: 's seconds c count',
    options: { 's seconds': 'read endless: repeats until it is stopped' },
  },
  udevadm: {
    values: 'q query p path n name r root',
    commands: {
      info: { does: 'read', options: { 'c cleanup-db': 'destructive: clears the database' } },
      monitor: 'read endless: follows events',
      '*': 'destructive: acts on devices',
    },
  },
  networkctl: {
    bare: 'read',
    values: 'n lines',
    commands: { 'list status lldp label': 'read', '*': 'destructive: changes the network' },
  },
  machinectl: {
    bare: 'read',
    values: 'p property n lines o output max-addresses',
    commands: {
      'list list-images status show image-status show-image': 'read',
      '*': 'destructive: acts on machines',
    },
  },
  busctl: {
    bare: 'read',
    values: 'match',
    commands: {
      'list status tree introspect get-property': 'read',
      monitor: 'read endless: follows messages',
      '*': 'destructive: calls something',
    },
  },
  multipath: { does: 'destructive: changes devices', harmless: 'l', neutral: '', values: 'v' },
  'corosync-cfgtool': { does: 'destructive: acts on the cluster', harmless: 's n', neutral: 'b' },
  'corosync-quorumtool': {
    does: 'read',
    only: 's l i n H V',
    options: { m: 'read endless: follows quorum' },
  },
  crm_mon: {
    does: 'read endless interactive: refreshes until it is stopped',
    ends: '1 one-shot',
    only: '1 one-shot r inactive n group-by-node A show-node-attributes f failcounts o operations t timing-details D hide-sections b brief R show-detail j w V',
  },
  pcs: {
    values: 'f',
    commands: {
      'status status.resources status.nodes status.cluster status.corosync status.quorum status.xml config.show cluster.status resource.status resource.config constraint.config property.config property.list stonith.status stonith.config quorum.status quorum.config':
        'read',
      '*': 'destructive: acts on the cluster',
    },
  },
  drbdadm: { commands: { 'status cstate dstate role': 'read', '*': 'destructive: acts on a device' } },
  pmap: {
    does: 'read',
    values: 'A range c read-rc-from N create-rc-to',
    options: { 'n create-rc N create-rc-to': 'change: writes a configuration file' },
  },
  lastlog: { does: 'read', options: { 'C clear S set': 'change: changes what is recorded' } },
  lsof: { does: 'read', options: { D: 'change: works on its cache', r: 'read endless: repeats', K: 'read' } },
  'nm objdump': { does: 'read', values: 'plugin', options: { plugin: 'destructive: loads code' } },
  ntpq: {
    does: 'read',
    values: 'c command',
    only: 'p peers n numeric c command 4 6 w wide u',
    options: { 'i interactive': 'destructive interactive: opens a session' },
    shows: {
      'c command':
        '^(?:peers|lpeers|opeers|apeers|associations|as|lassociations|rv|readvar|rl|readlist|sysinfo|kerninfo|sysstats|iostats|monstats|pstats|mrulist|ifstats|reslist|clockvar|cv|version|ntpversion)(?: [-\\w &]*)?$',
    },
  },
  'apt-cache': {
    values: 'o option c config-file p pkg-cache s src-cache',
    options: { 'o option c config-file': 'destructive: settings that can run a program' },
    commands: {
      'show policy search depends rdepends madison showpkg showsrc stats pkgnames unmet dump dumpavail dotty xvcg':
        'read',
      gencaches: 'change: writes its cache',
    },
  },
  'top htop btop atop nmon glances iotop powertop slabtop systemd-cgtop': {
    does: 'read endless interactive: refreshes until it is stopped',
    values: 'd delay n iterations p pid u U o w E e sort-override',
    options: {
      'w f F x X z t export export-csv-file export-json-file s server webserver auto-tune calibrate html csv r':
        'change: writes a file, serves, or changes settings',
      'C config': 'destructive: reads settings that can run a program',
    },
  },
  sensors: { values: 'c', options: { 's set': 'change: sets limits' } },
  dmidecode: { values: 's t d', options: { 'dump-bin': 'change: writes a file' } },
  lshw: { style: 'go', options: { dump: 'change: writes a file' } },
  'systemd-analyze': {
    bare: 'read',
    commands: {
      'time blame critical-chain plot dot dump security verify calendar timespan timestamp unit-paths unit-files condition cat-config syscall-filter exit-status capability':
        'read',
    },
  },
  dmesg: {
    values: 'f facility l level n console-level F file s buffer-size since until time-format',
    options: {
      'w follow W follow-new': 'read endless: follows the log',
      'C clear c read-clear': 'destructive: clears the log',
      'n console-level D console-off E console-on': 'change: sets what the console shows',
    },
  },
  journalctl: {
    values:
      'u unit user-unit n lines o output b boot S since U until p priority t identifier g grep D directory file root image namespace facility c cursor after-cursor cursor-file output-fields vacuum-size vacuum-time vacuum-files verify-key interval M machine case-sensitive T exclude-identifier invocation',
    options: {
      'f follow': 'read endless: follows the log',
      'vacuum-size vacuum-time vacuum-files': 'destructive: deletes logs',
      'rotate flush sync relinquish-var smart-relinquish-var update-catalog': 'change: works on the journal',
      'setup-keys cursor-file': 'change: writes a file',
    },
  },
  systemctl: {
    bare: 'read: lists units',
    values:
      't type state p property P n lines o output H host M machine job-mode kill-whom kill-who s signal root image when what preset-mode legend boot-loader-menu check-inhibitors kill-value timestamp message',
    commands: {
      'status show list-units list-unit-files list-timers list-sockets list-jobs list-dependencies list-machines list-automounts list-paths is-active is-enabled is-failed is-system-running cat help get-default show-environment whoami':
        'read',
      'start stop restart reload try-restart reload-or-restart try-reload-or-restart condrestart force-reload enable disable reenable mask unmask link preset preset-all add-wants add-requires daemon-reload daemon-reexec reset-failed set-property set-default freeze thaw bind mount-image log-level log-target service-log-level service-log-target':
        'change: changes a service',
      edit: 'change interactive: opens an editor',
      'set-environment import-environment unset-environment': 'destructive: changes what services run',
      'kill clean revert cancel isolate soft-reboot switch-root sleep':
        'destructive: ends services or the machine',
      // Only these look at `--dry-run`: `systemctl restart X --dry-run` restarts.
      'halt poweroff reboot kexec suspend hibernate hybrid-sleep suspend-then-hibernate default rescue emergency exit':
        { does: 'destructive: ends services or the machine', harmless: 'dry-run' },
    },
  },
  loginctl: {
    bare: 'read',
    commands: {
      'list-sessions list-users list-seats session-status user-status seat-status show-session show-user show-seat':
        'read',
      'terminate-session terminate-user kill-session kill-user terminate-seat': 'destructive: ends sessions',
      'enable-linger disable-linger lock-session unlock-session activate': 'change: changes sessions',
    },
    values: 'p property n lines o output s signal',
  },
  'timedatectl hostnamectl localectl': {
    bare: 'read',
    values: 'H host M machine p property',
    commands: {
      'status show timesync-status show-timesync list-timezones list-locales list-keymaps': 'read',
      'hostname icon-name chassis deployment location': { does: 'read', sets: 0 },
      'set-*': 'change: sets it',
    },
  },
  'resolvectl systemd-resolve': {
    bare: 'read',
    values: 'i interface t type c class p protocol',
    options: { 'flush-caches reset-statistics set-dns set-domain revert': 'change: changes the resolver' },
    commands: {
      'query status statistics service openpgp tlsa show-cache show-server-state': 'read',
      'dns domain default-route llmnr mdns dnssec dnsovertls nta': { does: 'read', sets: 1 },
      'log-level': { does: 'read', sets: 0 },
      'flush-caches reset-statistics revert': 'change: changes the resolver',
      monitor: 'read endless: shows what happens until it is stopped',
    },
  },
  coredumpctl: {
    bare: 'read',
    values: 'n o F D S since until output field directory',
    options: { 'o output': 'change file: writes a file' },
    commands: { 'list info dump': 'read', 'debug gdb': 'destructive interactive: opens a debugger' },
  },
  crontab: {
    does: 'change: replaces the table',
    bare: 'change: replaces the table',
    values: 'u',
    options: { r: 'destructive: removes the table', e: 'change interactive: opens an editor' },
    harmless: 'l',
  },
  atq: 'read',
  atrm: 'destructive: removes jobs',
  'iostat mpstat pidstat vmstat sar dstat nfsiostat cifsiostat': {
    values: 'p P o f g j s e i u I dec human',
    options: { o: 'change file: writes a file' },
  },
  chkconfig: { does: 'change: changes services', bare: 'read', harmless: 'list' },
  renice: 'change: changes a priority',
  'chrt ionice': {
    runs: 0,
    bare: 'read: shows a priority',
    does: 'read: runs with another priority',
    values: 'c n T P D class classdata sched-runtime sched-period sched-deadline',
    options: { 'p pid P pgid u uid': 'change: changes a priority' },
  },
  'nice nohup stdbuf unbuffer setsid eatmydata cgexec catchsegv': {
    runs: 0,
    bare: 'read',
    does: 'read: runs a command',
    values: 'n adjustment i o e input output error g',
  },
  timeout: { runs: 1, bare: 'read', does: 'read: runs a command', values: 'k kill-after s signal' },
  time: {
    runs: 0,
    bare: 'read',
    does: 'read: runs a command',
    values: 'f format o output',
    options: { 'o output': 'change file: writes a file' },
  },
  taskset: {
    runs: 1,
    bare: 'read',
    does: 'read: runs a command',
    values: '',
    options: { 'p pid': 'change: changes where a process runs' },
  },
  flock: {
    runs: 1,
    bare: 'change: takes a lock',
    does: 'change: takes a lock',
    values: 'w timeout wait E conflict-exit-code c command',
    options: { 'c command': 'destructive: runs a text' },
  },
  numactl: {
    runs: 0,
    bare: 'read',
    does: 'read: runs a command',
    values: 'i interleave m membind N cpunodebind C physcpubind l p preferred',
    options: { 'H hardware s show': 'read' },
  },
  unshare: {
    runs: 0,
    bare: 'destructive interactive: opens a shell',
    does: 'read: runs a command',
    values: 'R root w wd S setuid G setgid propagation',
  },
  chroot: {
    runs: 1,
    bare: 'destructive interactive: opens a shell',
    does: 'read: runs a command',
    values: 'groups userspec',
  },
  nsenter: {
    runs: 0,
    bare: 'destructive interactive: opens a shell',
    does: 'read: runs a command',
    values: 't target S setuid G setgid',
  },
  'strace ltrace': {
    runs: 0,
    bare: 'read endless: follows a process',
    does: 'read: runs a command and shows its calls',
    values:
      'e p P o s a b E u S I X O attach expr output trace string-limit status trace-path env inject fault kvm',
    shows: { 'o output': '^[^|!]', 'e expr': '^(?!(?:inject|fault)=)' },
    options: {
      'o output': 'change file: writes a file',
      'E env': 'destructive: changes what the command runs',
      'inject fault': 'destructive: interferes with the process',
    },
  },
  perf: {
    commands: {
      'list version': 'read',
      'report annotate': {
        does: 'read',
        options: { 'objdump addr2line': 'destructive: runs a program' },
      },
      top: 'read endless interactive: refreshes until it is stopped',
      stat: {
        runs: 0,
        bare: 'read endless: counts until it is stopped',
        does: 'read: counts while a command runs',
        values: 'e p t C G I r o output event pid tid cpu delay',
        options: {
          'o output': 'change: writes a file',
          'pre post': 'destructive: runs a command',
        },
      },
      script: {
        bare: 'read',
        does: 'destructive: runs a script',
        values: 'i input F fields C cpu S symbols c comms',
        options: { 's script g gen-script': 'destructive: runs a script' },
      },
      record: 'change: writes a file',
    },
  },
  sysctl: 'read',
  'modprobe insmod rmmod depmod kexec update-grub grub-install update-initramfs dracut mkinitrd':
    'destructive: changes the kernel',
  'shutdown reboot halt poweroff init telinit': 'destructive: stops the machine',
  'useradd usermod groupadd groupmod adduser addgroup chpasswd gpasswd chsh chfn': 'change: changes accounts',
  'userdel groupdel deluser delgroup': 'destructive: removes accounts',
  passwd: { does: 'change interactive: changes a password', harmless: 'S status', neutral: 'a all' },
  'visudo vipw vigr sudoedit': 'change interactive: opens an editor',
  'setenforce semanage setsebool': 'change: changes a policy',
  auditctl: {
    does: 'change: changes rules',
    options: { 'D d W': 'destructive: removes rules', R: 'destructive: runs commands from a file' },
    harmless: 'l s v',
    neutral: 'i',
  },
  'ausearch aureport': 'read',
  'logger wall write mesg': 'change: writes to the log or to terminals',
  'mail mailx sendmail mutt': 'change: sends mail',
  logrotate: {
    does: 'destructive: rotates and deletes logs',
    harmless: 'd debug',
    values: 's state l log m mail',
  },
  'script expect ansible ansible-playbook parallel make rake ant gradle mvn':
    'destructive: runs what it is given',
  'gdb lldb dlv jdb': 'destructive interactive: opens a debugger',
  'perl ruby node nodejs deno bun php lua Rscript tclsh osascript pwsh groovy scala erl iex elixir irb python2 ipython jshell ghci':
    {
      does: 'destructive: runs code that cannot be judged',
      bare: 'destructive interactive: runs code that cannot be judged',
    },
  'apt apt-get aptitude': {
    values: 'o option c config-file t target-release',
    options: { 'o option c config-file': 'destructive: settings that can run a program' },
    harmless: 's simulate just-print dry-run recon no-act',
    harmlessBefore: true,
    commands: {
      'list show search policy depends rdepends changelog check madison showpkg stats showsrc indextargets':
        'read',
      'update upgrade install reinstall full-upgrade dist-upgrade source download build-dep clean autoclean mark hold unhold':
        'change: changes packages',
      'remove purge autoremove autopurge dselect-upgrade': 'destructive: removes packages',
    },
  },
  dpkg: {
    does: 'change: changes packages',
    neutral: 'no-pager',
    harmless:
      'l list L listfiles s status S search p print-avail I info c contents print-architecture get-selections C audit V verify compare-versions',
    options: { 'r remove P purge': 'destructive: removes packages' },
  },
  rpm: {
    does: 'change: changes packages',
    options: { 'e erase': 'destructive: removes packages', 'E eval pipe D define': 'destructive: runs code' },
    harmless: 'q query V verify K checksig showrc',
    neutral:
      'a all i info l list f file p package c d R requires provides whatprovides changelog last queryformat qf s state docfiles configfiles scripts nosignature nodigest filesbypkg',
  },
  'yum dnf microdnf zypper tdnf': {
    values: 'c config disablerepo enablerepo repo x exclude releasever installroot setopt plus',
    options: { 'c config setopt plus installroot': 'destructive: settings that can load code' },
    commands: {
      'list info search provides whatprovides repolist check-update check-upgrade deplist history.list history.info updateinfo repoquery lr se if version group.list grouplist module.list':
        'read',
      'install update upgrade downgrade reinstall localinstall makecache clean distro-sync up in ref refresh groupinstall':
        'change: changes packages',
      'remove erase autoremove rm history.undo history.rollback': 'destructive: removes packages',
    },
  },
  apk: {
    commands: {
      'info list search policy stats version audit': 'read',
      'add update upgrade fix cache': 'change: changes packages',
      del: 'destructive: removes packages',
    },
  },
  snap: {
    commands: {
      'list info find changes services version connections': 'read',
      logs: { does: 'read', values: 'n', options: { f: 'read endless: follows the log' } },
      'install refresh start stop restart enable disable': 'change: changes packages',
      remove: 'destructive: removes packages',
    },
  },
  'pip pip3': {
    values: 'log python cache-dir',
    options: { log: 'change: writes a log', python: 'destructive: runs a program' },
    commands: {
      'list show freeze check index search': 'read',
      'install download wheel': 'change: changes packages',
      uninstall: 'destructive: removes packages',
    },
  },
  'npm yarn pnpm': {
    bare: 'change: installs packages',
    commands: {
      'ls list view info outdated why': 'read',
      audit: { commands: { fix: 'change: changes packages', signatures: 'read' }, does: 'read' },
      'install ci add update': 'change: changes packages',
      'uninstall remove': 'destructive: removes packages',
    },
    options: {
      'fix script-shell git shell viewer editor browser node-options userconfig globalconfig':
        'destructive: changes packages or runs code',
    },
  },
  gem: {
    commands: {
      'list info search specification': 'read',
      'install update': 'change: changes packages',
      uninstall: 'destructive: removes packages',
    },
  },
  go: {
    style: 'go',
    commands: {
      'version env': 'read',
      list: {
        values: 'f mod modfile tags',
        options: {
          'mod export compiled test overlay modfile': 'change: may write go.mod, or build',
          u: 'read',
        },
      },
      'build get install mod': 'change: builds',
    },
    options: { 'w u toolexec exec': 'destructive: changes settings or runs a program' },
  },
  'jps jstack': {
    only: 'q m l v V h help e',
    options: { F: 'change: stops the process for a while' },
  },
  jstat: 'read',
  jmap: {
    only: 'histo heap clstats finalizerinfo h',
    style: 'go',
    options: { 'histo:live': 'change: collects garbage first' },
  },
}
