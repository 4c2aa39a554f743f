import type { ToolTable } from './facts.ts'

const DOCKER_VALUES =
  'c context H host l log-level config tlscacert tlscert tlskey f filter format n last tail since until u user w workdir'

/**
 * Containers and Kubernetes, beside kubectl itself (`judge/kubectl.ts`).
 *
 * Compared verb by verb, with: docker/cli `docs/reference/commandline` of August 2026 (compose, buildx and podman are
 * not in it), helm-www `helm/` for versions 2 to 4 (aliases are not in it), the commands of vmware-tanzu/velero and
 * openshift/oc as of spring 2026. The other programs here are from their manuals as known, and were not compared.
 */
export const CONTAINERS: ToolTable = {
  'docker podman nerdctl docker-compose': {
    values: `${DOCKER_VALUES} runtime conmon hooks-dir module network-cmd-path p project-name file profile project-directory env-file o output`,
    options: {
      'o output': 'change output: writes a file',
      'config runtime conmon hooks-dir module network-cmd-path':
        'destructive: names programs, or settings that do',
    },
    commands: {
      'compose.stats compose.volumes buildx.imagetools.inspect image.tree image.exists container.exists system.connection.list':
        'read',
      'ps images inspect history info version port diff search container.ls container.list container.ps container.inspect container.top container.port container.diff image.ls image.list image.inspect image.history network.ls network.list network.inspect volume.ls volume.list volume.inspect system.df system.info context.ls context.show context.inspect config.ls config.inspect secret.ls secret.inspect node.ls node.ps node.inspect service.ls service.ps service.inspect stack.ls stack.ps stack.services stack.config checkpoint.ls manifest.inspect plugin.ls plugin.inspect buildx.ls buildx.du buildx.version builder.du compose.ps compose.ls compose.images compose.top compose.port compose.version compose.config compose.convert pod.ps pod.ls pod.inspect pod.top machine.ls machine.info top namespace.ls':
        'read',
      'logs compose.logs service.logs container.logs pod.logs': {
        does: 'read',
        options: { 'f follow': 'read endless: follows the log' },
        values: 'n tail since until',
      },
      'stats container.stats pod.stats': {
        does: 'read endless: refreshes until it is stopped',
        ends: 'no-stream',
      },
      'events system.events compose.events': { does: 'read endless: follows events', ends: 'until' },
      config: { does: 'read', options: { 'o output': 'change file: writes a file' } },
      'swarm.ca': { does: 'read', options: { rotate: 'change: makes a new certificate' } },
      'swarm.unlock-key': {
        does: 'read secret: shows a key',
        options: { rotate: 'change: makes a new key' },
      },
      'start stop restart pause unpause update rename wait tag pull push load import save export commit cp create build login logout container.start container.stop container.restart container.pause container.unpause container.create container.cp container.update container.rename container.wait container.commit container.export image.pull image.push image.tag image.build image.save image.load image.import network.create network.connect network.disconnect volume.create compose.up compose.start compose.stop compose.restart compose.pull compose.push compose.build compose.create compose.pause compose.unpause compose.cp compose.scale compose.watch up scale service.update service.scale service.create service.rollback stack.deploy node.update node.promote node.demote swarm.init swarm.join swarm.update context.use context.create context.update context.export context.import builder.build checkpoint.create config.create secret.create manifest.create manifest.annotate manifest.push plugin.create plugin.disable plugin.enable plugin.install plugin.push plugin.set plugin.upgrade swarm.unlock volume.update buildx.build buildx.bake bake buildx.create buildx.use generate.kube generate.systemd play.kube':
        'change: changes containers or images',
      'swarm.join-token': {
        does: 'read secret: shows a token',
        options: { rotate: 'change: makes a new token' },
      },
      'attach container.attach compose.attach':
        'destructive interactive: lets a person type into a running process',
      'rm rmi kill prune down system.prune container.rm container.kill container.prune image.rm image.prune network.rm network.prune volume.rm volume.prune builder.prune buildx.prune buildx.rm compose.down compose.rm compose.kill service.rm stack.rm node.rm swarm.leave config.rm secret.rm context.rm checkpoint.rm manifest.rm plugin.rm pod.rm pod.kill pod.prune machine.rm machine.stop system.reset':
        'destructive: removes or kills',
    },
  },
  crictl: {
    values: 'c config r runtime-endpoint i image-endpoint t timeout profile-cpu profile-mem',
    options: { 'profile-cpu profile-mem': 'change: writes a file' },
    commands: {
      'ps pods images img inspect inspecti inspectp imagefsinfo info version stats statsp metricsp metric-descs runtime-config':
        { does: 'read', options: { 'w watch': 'read endless: refreshes until it is stopped' } },
      events: 'read endless: follows events',
      logs: {
        does: 'read',
        options: { 'f follow': 'read endless: follows the log' },
        values: 'tail since n',
      },
      'pull start stop stopp create run runp update update-runtime-config checkpoint':
        'change: changes containers',
      'rm rmi rmp': 'destructive: removes containers, pods or images',
      'attach port-forward': 'change interactive endless: attaches to a container',
    },
  },
  ctr: {
    values: 'a address n namespace timeout connect-timeout',
    commands: {
      'containers.ls containers.list containers.info c.ls c.list c.info images.ls images.list i.ls i.list image.ls image.list tasks.ls tasks.list task.ls t.ls version namespaces.ls ns.ls snapshots.ls plugins.ls content.ls info images.check image.check i.check tasks.metrics task.metrics t.metrics tasks.ps task.ps t.ps leases.ls':
        'read',
      'images.pull image.pull i.pull images.tag images.import image.import': 'change: changes images',
      'containers.rm c.rm images.rm i.rm tasks.kill tasks.rm t.kill t.rm containers.delete tasks.delete':
        'destructive: removes or kills',
    },
  },
  oc: {
    values:
      'n namespace context cluster user token s server kubeconfig as as-group request-timeout loglevel o output l selector c container',
    commands: {
      'projects status whoami version api-resources image.info adm.top adm.top.images adm.top.imagestreams adm.top.persistentvolumeclaims adm.top.pvc adm.top.pods adm.top.pod adm.top.nodes adm.top.node adm.policy.who-can adm.policy.scc-review adm.policy.scc-subject-review policy.who-can policy.scc-review policy.scc-subject-review adm.node-logs adm.wait-for-stable-cluster adm.wait-for-node-reboot options registry.info':
        { does: 'read', options: { 't show-token': 'change secret: shows a token' } },
      'adm.release.info': {
        does: 'read',
        values: 'changelog bugs rpmdb-cache dir changes-from image-for icsp-file idms-file rpmdb-image',
        options: { 'changelog bugs rpmdb-cache': 'change: writes to a directory' },
      },
      'adm.ocp-certificates.monitor-certificates': 'read endless: follows changes',
      'get-token sa.new-token serviceaccounts.new-token': 'change secret: mints a token',
      'sa.get-token serviceaccounts.get-token': 'read secret: shows a token',
      project: { does: 'change: changes the project of the client', bare: 'read' },
      'adm.upgrade': {
        does: 'read',
        options: {
          'to to-latest to-image allow-upgrade-with-warnings force clear': 'change: upgrades the cluster',
        },
        values: 'to to-image',
        commands: { 'status recommend': 'read', 'channel rollback accept': 'change: upgrades the cluster' },
      },
      'login logout new-project new-app new-build start-build cancel-build import-image tag extract rollback rollout.latest rollout.retry rollout.cancel idle rsync adm.inspect adm.policy.add-* adm.certificate.approve adm.cordon adm.uncordon adm.taint adm.groups.* adm.pod-network.* adm.release.extract policy.add-* secrets.link set.volume set.probe set.triggers set.build-hook set.deployment-hook set.route-backends set.data set.image-lookup image.append registry.login image.extract image.mirror':
        'change: changes the cluster or files',
      'adm.must-gather': {
        does: 'change: collects in a pod of its own, and writes files',
        dashes: 'destructive: runs a command of its own',
      },
      process: 'read: renders a template',
      'adm.drain adm.prune.* adm.policy.remove-* policy.remove-* adm.migrate.* secrets.unlink adm.reboot-machine-config-pool adm.restart-kubelet adm.ocp-certificates.*':
        'destructive: evicts or removes',
    },
  },
  helm: {
    values:
      'n namespace kube-context kubeconfig o output burst-limit kube-as-group kube-as-user kube-apiserver kube-ca-file kube-tls-server-name kube-token qps registry-config repository-cache repository-config f values set set-string set-file set-json set-literal version timeout revision max offset filter l selector post-renderer post-renderer-args output-dir d destination untardir username password keyring history-max description template show-only s api-versions a kube-version name-template',
    options: {
      'post-renderer post-renderer-args': 'destructive: runs a program',
      'output-dir': 'change: writes files',
      'dependency-update': 'change: writes what the chart depends on',
      'kube-insecure-skip-tls-verify': 'read',
    },
    harmless: 'dry-run',
    commands: {
      'list ls status history hist plugin.verify get get.all get.hooks get.manifest get.metadata get.notes get.values search search.hub search.repo show show.all show.chart show.crds show.readme show.values inspect inspect.chart inspect.values template lint version env verify dependency.list dep.list dep.ls dependency.ls repo.list repo.ls plugin.list plugin.ls completion':
        'read',
      'install upgrade rollback test repo.add repo.update repo.index dependency.build dependency.update dep.update dep.build dep.up pull fetch push package plugin.package create registry.login registry.logout':
        'change: changes releases or files',
      'uninstall delete del un repo.remove repo.rm': 'destructive: removes a release',
      'plugin.install plugin.update plugin.uninstall': 'destructive: installs programs',
    },
  },
  velero: {
    values: 'n namespace kubeconfig kubecontext o output l selector features timeout v',
    commands: {
      'version get get.backups get.backup get.restores get.restore get.schedules get.schedule get.backup-locations get.backup-location get.snapshot-locations get.snapshot-location get.plugins get.plugin describe describe.backups describe.backup describe.restores describe.restore describe.schedules describe.schedule backup.get backup.describe backup.logs restore.get restore.describe restore.logs schedule.get schedule.describe backup-location.get snapshot-location.get plugin.get repo.get client.config.get completion help':
        'read',
      'create create.backup create.restore create.schedule create.backup-location create.snapshot-location backup.create backup.download restore.create schedule.create schedule.pause schedule.unpause backup-location.create backup-location.set snapshot-location.create snapshot-location.set plugin.add client.config.set debug':
        'change: backs up, restores or changes Velero',
      install: { does: 'change: installs Velero', harmless: 'dry-run' },
      'delete delete.backup delete.backups delete.restore delete.restores delete.schedule delete.schedules delete.backup-location delete.backup-locations backup.delete restore.delete schedule.delete backup-location.delete plugin.remove uninstall':
        'destructive: deletes',
    },
  },
  argocd: {
    values:
      'server auth-token config context grpc-web-root-path header l selector o output project p revision N app-namespace kube-context port-forward-namespace',
    commands: {
      'app.list app.history app.logs app.manifests app.resources app.wait app.get-resource cluster.list cluster.get repo.list repo.get proj.list proj.get version account.list account.get account.get-user-info account.can-i cert.list repocreds.list appset.list appset.get':
        { does: 'read', options: { 'f follow': 'read endless: follows the log' } },
      'app.get app.diff': {
        does: 'read',
        options: { 'refresh hard-refresh': 'change: makes Argo CD look again' },
      },
      'app.sync app.set app.rollback app.create app.patch app.terminate-op app.unset app.edit app.add-source cluster.add cluster.set repo.add proj.create proj.set proj.add-* appset.create login relogin account.update-password':
        'change: changes applications',
      'account.generate-token': 'change secret: mints a token',
      'app.actions.list context.list gpg.list': 'read',
      'app.delete app.delete-resource app.actions cluster.rm repo.rm proj.delete proj.remove-* appset.delete logout':
        'destructive: deletes',
    },
  },
  flux: {
    values: 'n namespace context kubeconfig timeout l label-selector',
    commands: {
      'get get.* check events tree tree.kustomization trace stats version export export.* diff diff.* build.* list.*':
        {
          does: 'read',
          options: { 'w watch': 'read endless: follows changes' },
        },
      logs: { does: 'read', options: { 'f follow': 'read endless: follows the log' } },
      'reconcile reconcile.* suspend suspend.* resume resume.* create create.* bootstrap.* install push.* tag.*':
        'change: changes what Flux does',
      'delete delete.* uninstall': 'destructive: deletes',
    },
  },
  istioctl: {
    values: 'c kubeconfig i istioNamespace n namespace o output context',
    commands: {
      'proxy-status ps analyze version describe.* x.describe.* experimental.describe.* validate authz.check experimental.authz.check tag.list profile.list profile.dump profile.diff remote-clusters verify-install x.precheck experimental.precheck x.check-inject experimental.check-inject waypoint.list waypoint.status':
        'read',
      'manifest.generate': { does: 'read', options: { 'o output': 'change: writes files' } },
      'proxy-config.* pc.* ztunnel-config.* zc.*': {
        does: 'read',
        options: { 'level reset r': 'change: sets what is logged' },
      },
      'install upgrade kube-inject tag.set tag.generate admin.log create-remote-secret':
        'change: changes the mesh',
      'dashboard.* d.*': 'change endless: opens a tunnel',
      'uninstall tag.remove': 'destructive: removes the mesh',
    },
  },
  linkerd: {
    values: 'n namespace context kubeconfig',
    commands: {
      'check version stat viz.check viz.stat viz.edges viz.routes diagnostics.endpoints diagnostics.proxy-metrics diagnostics.policy identity':
        'read',
      'viz.tap viz.top tap top': 'read endless: follows requests',
      'install inject upgrade': 'read: prints manifests',
      'viz.dashboard': 'change endless: opens a tunnel',
    },
  },
  kustomize: {
    values: 'o output load-restrictor e env helm-command',
    options: {
      'o output': 'change file: writes a file',
      'enable-helm enable-exec enable-alpha-plugins enable-star helm-command network mount':
        'destructive: can run programs',
    },
    commands: { 'build version': 'read', 'edit create': 'change: edits files' },
  },
  kubeadm: {
    values: 'kubeconfig config',
    commands: {
      'version config.print config.view config.images.list certs.check-expiration upgrade.diff token.generate':
        'read',
      'upgrade.plan': 'change: runs a job in the cluster to see whether it works',
      'token.list': 'read secret: shows tokens',
      'token.create': 'change secret: mints a token',
      'certs.renew join config.images.pull upgrade.apply upgrade.node kubeconfig.user init':
        'change: changes the cluster',
      'reset token.delete': 'destructive: takes a node apart',
    },
  },
  'stern kubetail kail': {
    does: 'read endless: follows logs',
    values:
      'n namespace c container l selector s since tail t template o output e exclude i include context kubeconfig T template-file field-selector max-log-requests E exclude-container config color',
    ends: 'no-follow',
    options: { config: 'destructive: reads settings from a file' },
  },
  'kubectx kubens': {
    does: 'change: changes the context of the client',
    bare: 'read',
    only: 'c current h V',
    options: { 'd delete': 'destructive: deletes a context', 'u unset': 'change: unsets the context' },
    harmless: 'c current',
  },
  k9s: 'destructive interactive: opens a session for a person',
  virtctl: {
    values: 'n namespace context kubeconfig',
    commands: {
      'version guestosinfo userlist fslist': 'read',
      'start stop restart pause unpause migrate migrate-cancel expose addvolume image-upload soft-reboot scp':
        'change: changes a virtual machine',
      'console vnc ssh': 'destructive interactive: opens a session',
      'port-forward': 'change endless: opens a tunnel',
      'removevolume memory-dump reset': 'destructive: takes something from a virtual machine',
    },
  },
  cmctl: {
    values: 'n namespace',
    commands: {
      'status.certificate check.api version inspect.secret': 'read',
      'renew approve deny create.certificaterequest': 'change: changes certificates',
    },
  },
  'eksctl kops minikube kind k3d': {
    values: 'f filename name r region cluster o output p profile state dir',
    options: { dir: 'change: writes files', copy: 'change: copies assets to a repository' },
    commands: {
      'get get.* version info utils.describe-* status ip profile.list list toolbox.dump cluster.list node.list validate validate.cluster addons.list get.clusters get.nodes':
        'read',
      'create create.* upgrade.* scale.* update.* start stop edit.* enable disable rolling-update.* set.* export.* utils.*':
        'change: changes a cluster',
      'delete delete.* drain.* unset.*': 'destructive: deletes',
    },
  },
  skopeo: {
    commands: {
      'inspect list-tags': 'read',
      'copy sync login': 'change: copies images',
      delete: 'destructive: deletes',
    },
  },
  crane: {
    commands: {
      'ls digest manifest config catalog version validate': 'read',
      'copy cp push tag mutate pull': 'change: copies images',
      delete: 'destructive: deletes',
    },
  },
  regctl: {
    commands: {
      'tag.ls repo.ls image.digest image.inspect image.manifest manifest.get manifest.head manifest.diff version':
        'read',
      'image.copy image.mod manifest.put registry.set': 'change: copies images or settings',
      '*': 'destructive: may delete',
    },
  },
  trivy: {
    values: 'o output f format severity s c config template t cache-dir scanners timeout',
    options: {
      'o output': 'change file: writes a file',
      'c config template t': 'destructive: reads settings from a file',
      'module-dir enable-modules': 'destructive: loads code',
      'generate-default-config': 'change: writes a file',
      'clear-cache reset download-db-only download-java-db-only reset-checks-bundle':
        'change: works on its cache',
    },
    commands: { 'image i filesystem fs repository repo config conf rootfs sbom version': 'read: scans' },
  },
  grype: {
    does: 'read: scans',
    values: 'o output f file c config template t',
    // `json=FILE` writes the file.
    shows: { 'o output': '^[a-z-]+$' },
    options: {
      'f file': 'change file: writes a file',
      'c config t template': 'destructive: settings from a file',
    },
    commands: { 'version explain db.status db.list db.check db.search': 'read', '*': 'read: scans' },
  },
}
