/** Programs that runbooks call, to tell a command from prose, output and comments. Risk is judged elsewhere. */
const NAMES = `
  kubectl k oc helm velero virtctl istioctl argocd flux kustomize crictl ctr nerdctl docker docker-compose podman
  calicoctl cilium etcdctl kubeadm minikube kind stern kubectx kubens eksctl kops linkerd cmctl
  aws az gcloud gsutil bq doctl ibmcloud terraform tf terragrunt tofu pulumi ansible ansible-playbook knife packer
  chef-client puppet salt vault consul nomad
  psql pg_dump pg_dumpall pg_restore pg_isready pg_ctl pg_basebackup pgbench createdb dropdb createuser vacuumdb
  patronictl repmgr pgbouncer gitlab-ctl gitlab-psql gitlab-rails mysql mysqldump mysqladmin mongo mongosh mongodump
  redis-cli cqlsh nodetool clickhouse-client influx sqlite3 cypher-shell kafka-topics kafka-topics.sh
  kafka-consumer-groups kafka-consumer-groups.sh rabbitmqctl rabbitmq-diagnostics nats
  curl wget http httpie grpcurl ab hey wrk dig nslookup host ping ping6 traceroute tracepath mtr nc netcat ncat telnet
  openssl ssh scp sftp rsync ip ifconfig ss netstat lsof iptables nft tcpdump ethtool arp route nmap
  systemctl journalctl service supervisorctl initctl sysctl dmesg uptime top htop atop vmstat iostat iotop mpstat sar
  pidstat free df du lsblk mount umount fdisk blkid smartctl mdadm lvs pvs vgs lvextend resize2fs xfs_growfs ceph rbd
  ps pgrep pkill kill killall strace ltrace gdb perf pmap jstack jmap jcmd jstat lscpu nproc uname hostname hostnamectl
  timedatectl chronyc ntpq date cal who w last id whoami sudo su env export source printenv ulimit nice timeout watch
  ls cat less more head tail grep egrep fgrep zgrep rg awk gawk sed sort uniq cut tr wc tee xargs find locate stat file
  cp mv rm mkdir rmdir ln touch chmod chown tar gzip gunzip zip unzip zcat diff md5sum sha256sum base64 xxd jq yq
  echo printf read sleep cd pwd test true false set unset alias eval exec for while until if case
  git gh glab make npm npx node yarn pip pip3 python python3 ruby bundle rake rails go cargo java mvn gradle php perl
  erl rebar3 iex mix escript bash sh zsh pwsh
  apt apt-get yum dnf apk brew snap dpkg rpm promtool amtool logcli mimirtool nginx haproxy apachectl varnishadm
  nvidia-smi ipmitool cloud-platform gds pd slack chroot nsenter runc crontab at screen tmux
`
const PROGRAMS = new Set(NAMES.split(/\s+/).filter((name) => name !== ''))
/** These are also common English or output words: they need more than themselves to be a command. */
const AMBIGUOUS = new Set(
  'k w at host test file read set for if case until while last who id date cal source service route mount top time make go more less head cut find sort watch ip screen slack http true false exec'.split(
    ' ',
  ),
)

/** Whether a line starts like a command: a known program, a path to one, an assignment, or a wrapper. */
export function startsLikeCommand(line: string): boolean {
  const text = line.trimStart()
  const first = /^[^\s;|&<>()'"`]+/.exec(text)?.[0] ?? ''
  if (/^[A-Za-z_][A-Za-z0-9_]*=/.test(text)) return true
  if (/^(?:\.{1,2}|~|\/[\w.-]+)\/[\w./-]*[\w-]$/.test(first) && !/^\/\w+$/.test(first)) return true
  if (!PROGRAMS.has(first)) return false
  if (!AMBIGUOUS.has(first)) return !/^\S+\s+(?:is|was|are|will|should|can|has|command|and|or)\b/.test(text)
  return (
    /^(?:for\s+\w+\s+in\b|if\s+[[!(]|if\s+\w+\s+-|while\s+[[:(!]?|until\s|case\s+"?\$)/.test(text) ||
    /^\S+\s+(?:[-./$"'<]|\S+\s+-|\S+[/:.]\S)/.test(text) ||
    /^(?:k|set|service|ip|date|id|who|w)\s+[a-z+-]+/.test(text) ||
    /^(?:top|date|id|who|w|last)\s*$/.test(text)
  )
}

/** "Command: `x y`": said to be one, so the program need not be known. */
export const isAnnounced = (before: string, text: string): boolean =>
  /\b(?:commands?|run|execute|toggle flag|flag)\s*:?\s*$/i.test(before) && /^[a-z][\w./-]*\s+\S/.test(text)

/** Whether inline code is a command to run, rather than a name or an option: program and arguments. */
export function isInlineCommand(text: string): boolean {
  if (text.length > 2000 || !startsLikeCommand(text)) return false
  if (/^[A-Za-z_][A-Za-z0-9_]*=\S*$/.test(text)) return false
  const words = text.trim().split(/\s+/)
  const first = words[0] ?? ''
  if (/^(?:kubectl|k|oc|docker|helm|git|aws|gcloud|az|terraform|systemctl)$/.test(first)) {
    return words.length >= 3 || /^(?:kubectl|k|oc) (?:cluster-info|version|api-resources)$/.test(text)
  }
  return words.length >= 2
}
