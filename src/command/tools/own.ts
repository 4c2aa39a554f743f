import type { ToolTable } from './facts.ts'

/** erlmcp's own verbs, as pages use them; one that is not here is not understood: the safe side. */
export const OWN: ToolTable = {
  erlmcp: {
    values:
      'server target limit wait-seconds verify dry-run reason hash id service namespace to-revision from to container cpu-request cpu-limit memory-request memory-limit days services starts minutes zone repeats until kind rollback-plan drain keep-replicas note done',
    commands: {
      'backup.list backup.show backup.schedule restore.list restore.show incident.list incident.show run.list run.show review.show page.list page.show audit.list audit.verify rehearsal.list rehearsal.status oncall.now diagnose status rollout.history scale.recommend guard.list change.list change.show maintenance.list maintenance.show maintenance.calendar gate.deploy':
        'read',
      'rollout.undo scale.horizontal scale.vertical change.cancel maintenance.plan maintenance.tick maintenance.cancel':
        'change: proposes or plans; nothing in the cluster changes',
      'change.approve maintenance.start maintenance.end':
        'change: changes a workload or a service, as it was shown',
      'backup.create backup.verify': 'change: makes a backup, and a scratch database to verify it',
      'backup.restore': 'change: asks for a restore, which a lead has to approve',
      'restore.reject': 'change: rejects a restore',
      'backup.prune': 'destructive: removes backups that the retention lets go',
      'restore.approve restore.revert': 'destructive: replaces a database by another, with downtime',
      'restore.release': 'destructive: drops the database from before a restore',
    },
  },
}
