import type { ToolTable } from './facts.ts'

/** Source control, infrastructure as code and forges. */
export const DEVELOPMENT: ToolTable = {
  git: {
    values:
      'C c exec-path git-dir work-tree namespace n max-count since after until before author committer grep S G format pretty date L output O exec upload-pack remote m message b B u t track skip depth branch o origin filter e f file type abbrev U unified find-renames s strategy X strategy-option x open-files-in-pager orphan source color sort contains glob exclude pathspec-from-file',
    options: {
      output: 'change file: writes its output to a file',
      'ext-diff open-files-in-pager upload-pack exec x receive-pack': 'destructive: runs a program',
    },
    commands: {
      'status log diff show shortlog blame annotate describe rev-parse rev-list ls-files ls-tree ls-remote cat-file name-rev merge-base cherry count-objects diff-tree diff-index diff-files for-each-ref show-ref show-branch whatchanged verify-commit verify-tag fsck check-ignore check-attr check-mailmap var version range-diff merge-tree get-tar-commit-id patch-id stripspace column reflog reflog.show stash.list stash.show remote.show remote.get-url worktree.list submodule.status bisect.log notes.show notes.list bundle.verify bundle.list-heads lfs.ls-files lfs.status lfs.env sparse-checkout.list':
        {
          options: {
            output: 'change file: writes its output to a file',
            'ext-diff open-files-in-pager upload-pack exec': 'destructive: runs a program',
            'lost-found': 'change: writes files',
          },
        },
      grep: {
        values:
          'e f m max-count A B C after-context before-context context max-depth threads O open-files-in-pager color',
        options: { 'O open-files-in-pager': 'destructive: runs a program', 'ext-grep': 'read' },
      },
      remote: {
        does: 'read',
        commands: {
          'show get-url': 'read',
          'add set-url rename update set-head set-branches': 'change: changes remotes',
          'remove rm prune': 'destructive: removes a remote',
        },
      },
      archive: {
        values: 'o output format prefix remote exec',
        options: { 'o output': 'change file: writes a file', 'exec remote': 'destructive: runs a program' },
      },
      'add commit merge pull fetch clone init mv cherry-pick revert switch am apply rebase stash stash.push stash.save stash.apply stash.pop stash.create stash.store stash.branch gc repack pack-refs submodule.update submodule.init submodule.add submodule.sync worktree.add worktree.move worktree.lock worktree.unlock notes.add notes.edit bisect.start bisect.good bisect.bad bisect.skip bisect.reset bisect.next lfs.pull lfs.fetch lfs.install sparse-checkout.set maintenance.run commit-graph.write update-index bundle.create format-patch rerere read-tree write-tree commit-tree hash-object mktag mktree update-ref symbolic-ref push':
        {
          does: 'change: changes the repository',
          options: {
            'f force force-with-lease delete d mirror prune exec x upload-pack receive-pack hard':
              'destructive: overwrites, deletes or runs a program',
          },
        },
      'checkout restore reset clean rm prune filter-branch filter-repo stash.drop stash.clear reflog.expire reflog.delete worktree.remove worktree.prune notes.remove submodule.deinit replace update-server-info':
        {
          does: 'destructive: throws work away',
          options: {},
        },
      'submodule.foreach bisect.run difftool mergetool instaweb daemon gui citool send-email filter-process credential':
        'destructive: runs a program',
    },
  },
  'terraform tofu': {
    style: 'go',
    values:
      'chdir var var-file target state out lock-timeout parallelism backend-config replace plugin-dir from-module module-depth state-out backup provider',
    options: {},
    commands: {
      plan: {
        does: 'read: shows what would change',
        options: { 'out generate-config-out': 'change: writes a file' },
      },
      'show output validate version providers providers.schema graph state.list state.show workspace.list workspace.show metadata.functions':
        'read',
      'state.pull': 'read secret: shows the state',
      fmt: { does: 'change: edits files', harmless: 'check', neutral: 'recursive diff' },
      apply: {
        does: 'change: changes the infrastructure',
        options: { 'destroy replace': 'destructive: destroys' },
      },
      'init get import refresh taint untaint state.mv workspace.new workspace.select providers.lock providers.mirror login':
        'change: changes the state or files',
      'destroy state.rm state.push state.replace-provider workspace.delete force-unlock console logout test':
        'destructive: destroys, forgets or forces',
    },
  },
  gh: {
    values:
      'R repo L limit s state l label a assignee B base H head q jq t template json w workflow b branch u user S search m milestone A author job',
    options: {},
    commands: {
      'pr.list pr.view pr.status pr.diff pr.checks issue.list issue.view issue.status run.list run.view repo.view repo.list release.list release.view workflow.list workflow.view extension.list config.list auth.status search.* gist.list gist.view label.list secret.list variable.list variable.get cache.list ruleset.* status org.list project.list project.view version':
        {
          does: 'read',
          options: { 'w web': 'read: opens a browser', 'show-token': 'read secret: shows a token' },
        },
      'run.watch': 'read endless: follows a run',
      'auth.token': 'read secret: shows a token',
      'pr.create pr.merge pr.comment pr.review pr.edit pr.reopen pr.ready pr.checkout issue.create issue.comment issue.edit issue.reopen run.rerun workflow.run workflow.enable workflow.disable release.create release.upload release.edit repo.create repo.clone repo.fork repo.edit repo.sync label.create secret.set variable.set run.download release.download auth.login pr.close issue.close run.cancel':
        'change: changes the repository',
      'repo.delete release.delete issue.delete run.delete label.delete secret.delete variable.delete cache.delete repo.archive gist.delete':
        'destructive: deletes',
    },
  },
  knife: {
    values: 'c config s server-url u user k key E environment F format a attribute',
    options: { 'c config': 'destructive: reads code from a file' },
    commands: {
      'status node.list node.show role.list role.show environment.list environment.show cookbook.list cookbook.show client.list client.show search data.bag.list':
        'read',
      'node.edit role.edit environment.edit': 'change interactive: opens an editor',
      '*': 'destructive: may delete or run something',
    },
  },
}
