import type { ToolTable } from './facts.ts'

/** Command lines of cloud providers with plain subcommands; aws, gcloud and az are in `judge/cloud.ts`. From their manuals as known, not compared. */
export const CLOUD: ToolTable = {
  gsutil: {
    values: 'o h u p b l s c i',
    options: { o: 'destructive: settings that can run a program' },
    commands: {
      'ls cat du stat hash version help acl.get cors.get defacl.get iam.get lifecycle.get label.get logging.get notification.list retention.get versioning.get web.get ubla.get autoclass.get rpo.get pap.get requesterpays.get':
        'read',
      'cp mv rewrite compose setmeta mb acl.ch acl.set cors.set defacl.set defacl.ch iam.ch iam.set lifecycle.set label.set label.ch logging.set notification.create versioning.set web.set hmac.create kms.encryption config update defstorageclass.set retention.set':
        {
          does: 'change: changes objects or files',
          options: { d: 'destructive: deletes what the source lacks' },
        },
      signurl: 'change secret: mints an address that opens the object',
      rsync: {
        does: 'change: changes objects or files',
        options: { d: 'destructive: deletes what the source lacks' },
        harmless: 'n',
        tamed: 'd',
      },
      'rm rb notification.delete hmac.delete retention.clear': 'destructive: deletes',
    },
  },
  s3cmd: {
    values: 'c config log-target-prefix',
    options: { 'config c': 'destructive: reads settings from a file' },
    commands: {
      'ls la du info': 'read',
      'put get sync cp mv mb modify': 'change: copies',
      '*': 'destructive: may delete',
    },
  },
  mc: {
    values: 'C config-dir',
    options: {
      'config-dir C': 'destructive: reads settings from a folder',
      exec: 'destructive: runs a command for each object',
      watch: 'read endless: follows changes',
    },
    commands: {
      'ls du cat head stat tree find diff version.info admin.info admin.user.list admin.user.info admin.policy.list admin.policy.info alias.list alias.ls policy.get anonymous.get ilm.rule.ls replicate.status ping.help':
        'read',
      'cp put get mb mv mirror version.enable tag.set': 'change: copies',
      '*': 'destructive: may delete',
    },
  },
  rclone: {
    values:
      'max-depth include exclude filter include-from exclude-from filter-from files-from max-age min-age max-size min-size checkers transfers F format s separator count offset head tail stats drive-shared-with-me timeout contimeout retries log-level',
    only: 'R recursive human-readable dirs-only files-only hash fast-list v verbose vv P progress stats-one-line q quiet json full no-check-certificate',
    options: {
      'config password-command sftp-ssh rc': 'destructive: settings that can run a program, or a server',
      'log-file output-file o output cpuprofile memprofile': 'change: writes a file',
    },
    // A remote that is described on the spot can name a program.
    operands: { '^:|,': 'destructive: a remote with settings of its own' },
    commands: {
      'ls lsd lsl lsf lsjson size about version md5sum sha1sum hashsum cat tree listremotes': {
        does: 'read',
        operands: { '^:|,': 'destructive: a remote with settings of its own' },
      },
      'copy copyto copyurl mkdir touch': 'change: copies',
      '*': 'destructive: may delete',
    },
  },
  s5cmd: {
    values: 'endpoint-url profile credentials-file log numworkers r retry-count',
    commands: {
      'ls du head cat version': 'read',
      'cp mv sync mb': 'change: copies',
      '*': 'destructive: may delete',
    },
  },
  'doctl linode-cli hcloud scw vultr-cli civo exo': {
    values: 't access-token o output format c context config',
    commands: { '*': 'destructive: may delete' },
  },
  cf: {
    commands: {
      'apps app services service events env routes spaces orgs buildpacks stacks domains': 'read',
      target: { does: 'read', options: { 'o s': 'change: changes what the client talks to' } },
      logs: { does: 'read endless: follows the log', ends: 'recent' },
      'restart restage scale start push set-env bind-service map-route create-service':
        'change: changes an application',
      'stop delete unbind-service delete-service unmap-route ssh':
        'destructive: stops, deletes or opens a session',
    },
  },
  'heroku flyctl fly': {
    values: 'a app r remote i instance region',
    commands: {
      'apps.list machine.list machines.list machine.status volumes.list ips.list secrets.list regions.list':
        'read',
      'ps status releases logs info': {
        does: 'read',
        options: { 't tail': 'read endless: follows the log' },
      },
      '*': 'destructive: may delete or run something',
    },
  },
  openstack: {
    values:
      'os-cloud os-region-name os-auth-url os-project-name os-username os-compute-api-version f format c column project host sort limit user',
    commands: {
      'server.list server.show server.event.list server.event.show server.image.list flavor.list flavor.show image.list image.show network.list network.show network.agent.list subnet.list subnet.show port.list port.show router.list router.show floating.ip.list security.group.list security.group.rule.list volume.list volume.show volume.snapshot.list volume.service.list hypervisor.list hypervisor.show hypervisor.stats.show compute.service.list project.list project.show user.list service.list endpoint.list catalog.list quota.show limits.show aggregate.list aggregate.show availability.zone.list loadbalancer.list loadbalancer.show stack.list stack.show container.list object.list versions.show':
        'read',
      'console.log.show': 'read',
      'token.issue': 'change secret: mints a token',
      '*': 'destructive: may delete',
    },
  },
  gds: { commands: { aws: { runs: 1, bare: 'change: opens a session with a role' } } },
  'aws-vault aws-okta saml2aws': {
    values: 'd duration n backend prompt region',
    commands: {
      exec: { runs: 1, bare: 'destructive interactive: opens a shell' },
      'list ls': 'read',
      login: 'change: opens a session with a role',
    },
  },
  awslogs: {
    does: 'read',
    values: 's start e end f filter-pattern',
    options: { 'w watch': 'read endless: follows the log' },
  },
  bq: {
    values: 'project_id dataset_id location format n max_results',
    commands: { 'ls show head version': 'read', '*': 'destructive: may run any SQL' },
  },
}
