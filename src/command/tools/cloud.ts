import type { ToolTable } from './facts.ts'

/** Command lines of cloud providers with plain subcommands; aws, gcloud and az are in `judge/cloud.ts`. From their manuals as known, not compared. */
export const CLOUD: ToolTable = {
  gsutil: {
    values: 'o h u p b l s c i',
    options: { o: 'destructive: settings that can run a program' },
    commands: {
      'ls cat du stat hash version help acl.get cors.get defacl.get iam.get lifecycle.get label.get logging.get notification.list retention.get versioning.get web.get ubla.get autoclass.get rpo.get pap.get requesterpays.get':
        'read',
      'cp mv rsync rewrite compose setmeta mb acl.ch acl.set cors.set defacl.set defacl.ch iam.ch iam.set lifecycle.set label.set label.ch logging.set notification.create versioning.set web.set hmac.create kms.encryption config update defstorageclass.set retention.set':
        {
          does: 'change: changes objects or files',
          options: { d: 'destructive: deletes what the source lacks' },
        },
      signurl: 'change secret: mints an address that opens the object',
      'rm rb notification.delete hmac.delete retention.clear': 'destructive: deletes',
    },
  },
  's3cmd mc rclone s5cmd': {
    values: 'c config config-dir',
    options: { 'config c': 'destructive: reads settings from a file' },
    commands: {
      'ls la lsd lsl lsf lsjson du cat head info stat tree size about version md5sum sha1sum find diff admin.info admin.user.list':
        'read',
      'cp put get copy copyto move mb mkdir mv': 'change: copies',
      '*': 'destructive: may delete',
    },
  },
  'doctl linode-cli hcloud scw vultr-cli civo exo': {
    values: 't access-token o output format c context config',
    commands: { '*': 'destructive: may delete' },
  },
  cf: {
    commands: {
      'apps app services service events env routes spaces orgs target buildpacks stacks domains': 'read',
      'restart restage scale start push set-env bind-service map-route create-service':
        'change: changes an application',
      'stop delete unbind-service delete-service unmap-route ssh':
        'destructive: stops, deletes or opens a session',
    },
  },
  'heroku flyctl fly': {
    values: 'a app r remote',
    commands: {
      'apps ps status releases logs info': {
        does: 'read',
        options: { 't tail': 'read endless: follows the log' },
      },
      '*': 'destructive: may delete or run something',
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
