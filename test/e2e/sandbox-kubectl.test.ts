import { execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startCluster } from '../../src/rehearsal/index.ts'
import type { Identity, SandboxCluster } from '../../src/rehearsal/index.ts'

const hasKubectl = ((): boolean => {
  try {
    execFileSync('kubectl', ['version', '--client'], { stdio: 'ignore' })
    return process.platform === 'linux'
  } catch {
    return false
  }
})()

interface Result {
  code: number
  out: string
  err: string
}

/** What changes nothing waits for nothing else. */
const SIDE_BY_SIDE = { concurrent: true } as const
let cluster: SandboxCluster
const dataDir = mkdtempSync(path.join(tmpdir(), 'erlmcp-sandbox-'))

interface RunOptions {
  as?: Identity
  input?: string
  /** Ends an endless command with SIGINT after so long. */
  interruptAfterMs?: number
}

/** Runs a command line by bash, as a step of a run would, and waits for its end. */
function sh(line: string, options: RunOptions = {}): Promise<Result> {
  const env = {
    PATH: process.env['PATH'] ?? '',
    HOME: dataDir,
    ...cluster.environment(options.as ?? 'admin'),
  }
  const child = spawn('bash', ['-c', line], { env, stdio: ['pipe', 'pipe', 'pipe'], detached: true })
  const result: Result = { code: -1, out: '', err: '' }
  child.stdout.on('data', (chunk: Buffer) => (result.out += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (result.err += chunk.toString()))
  child.stdin.end(options.input ?? '')
  if (options.interruptAfterMs !== undefined) {
    setTimeout(() => child.pid !== undefined && process.kill(-child.pid, 'SIGINT'), options.interruptAfterMs)
  }
  return new Promise((resolve) => {
    child.on('close', (code) => resolve({ ...result, code: code ?? 130 }))
  })
}

async function podName(): Promise<string> {
  const { out } = await sh(`kubectl get pods -n erlmcp -l app=erlmcp -o jsonpath='{.items[0].metadata.name}'`)
  return out
}

async function until(what: string, check: () => Promise<boolean>, ms = 60_000): Promise<void> {
  for (
    const end = Date.now() + ms;
    !(await check());
    await new Promise((resolve) => setTimeout(resolve, 300))
  ) {
    if (Date.now() > end) throw new Error(`not reached in time: ${what}`)
  }
}

beforeAll(async () => {
  if (hasKubectl) cluster = await startCluster({ dataDir, speed: 10 })
}, 120_000)

afterAll(async () => {
  if (hasKubectl) await cluster.stop()
  rmSync(dataDir, { recursive: true, force: true, maxRetries: 5 })
}, 60_000)

describe.skipIf(!hasKubectl)('reading commands of the runbook', SIDE_BY_SIDE, () => {
  test.each([
    ['kubectl get deployment erlmcp-tcps -n erlmcp', /^NAME +READY +UP-TO-DATE +AVAILABLE +AGE\nerlmcp-tcps +3\/3 +3 +3 /],
    ['kubectl get pods -n erlmcp -o wide', /NOMINATED NODE +READINESS GATES\nerlmcp-tcps-\S+ +1\/1 +Running +0 +\S+ +127\.\S+ +node-/],
    ['kubectl logs -n erlmcp deployment/erlmcp-tcps --tail=50', /erlmcp 1\.2\.2 is listening/],
    ['kubectl logs -n erlmcp deployment/erlmcp-tcps --all-containers=true', /is starting as/],
    ['kubectl rollout history deployment/erlmcp-tcps -n erlmcp', /REVISION +CHANGE-CAUSE\n1 +release 1\.2\.2/],
    ['kubectl rollout history deployment/erlmcp-tcps -n erlmcp --revision=1', /registry\.local\/erlmcp:1\.2\.2/],
    ['kubectl describe deployment erlmcp-tcps -n erlmcp', /NewReplicaSet: +erlmcp-tcps-\w+ \(3\/3 replicas created\)\nEvents:[\s\S]*ScalingReplicaSet/],
    ['kubectl logs -n erlmcp deployment/otel-collector', /Everything is ready/],
    ['kubectl exec -n erlmcp deployment/erlmcp-tcps -- psql -h postgres -U erlmcp -c "SELECT 1"', /\(1 row\)/],
    ['kubectl exec -n erlmcp postgres-pod -- psql -c "VACUUM ANALYZE"', /VACUUM/],
    ['kubectl exec -n erlmcp postgres-pod -- pg_isready -h localhost -U erlmcp', /accepting connections/],
    ['psql -h postgres -U erlmcp -d erlmcp -c "SELECT count(*) FROM pg_stat_activity"', /\(1 row\)/],
    ['curl -s http://erlmcp:8080/health', /"status":"ok"/],
    ['curl -s http://erlmcp:8080/ready', /"status":"ready"/],
    ['kubectl get configmap erlmcp-config -n erlmcp -o yaml', /kind: ConfigMap/],
    ['kubectl get deployment erlmcp-tcps -n erlmcp -o yaml | grep -A 20 "env:"', /ERLMCP_MAX_CONNECTIONS/],
    ['kubectl get svc -n erlmcp', /erlmcp +ClusterIP +127\.\S+ +<none> +8080\/TCP/],
    ['kubectl get endpoints erlmcp -n erlmcp', /erlmcp +127\.\S+:8080,/],
    ['kubectl get networkpolicies -n erlmcp', /erlmcp-allow +app=erlmcp/],
    ['kubectl get secret erlmcp-secrets -n erlmcp -o yaml', /DB_PASSWORD: /],
    ['kubectl describe nodes', /Allocated resources:/],
    ['kubectl get pods -n erlmcp | grep postgres', /postgres-pod +1\/1 +Running/],
    ['kubectl logs -n erlmcp postgres-pod', /database system is ready to accept connections/],
    ['kubectl get events -n erlmcp', /Scaled up replica set/],
    ['kubectl get all -n erlmcp', /deployment\.apps\/erlmcp-tcps/],
    ['kubectl get pods -n erlmcp --sort-by=.metadata.name -o custom-columns=N:.metadata.name', /^N\nerlmcp-tcps-/],
    ['kubectl auth can-i delete pods -n erlmcp', /^yes/],
    ['kubectl api-resources', /deployments +deploy +apps\/v1 +true +Deployment/],
    ['kubectl version', /Server Version: v1\.32/],
    ['kubectl cluster-info', /control plane.* is running at/],
    ['kubectl get --raw /readyz', /^ok/],
  ])('%s', async (line, expected) => {
    const { code, out, err } = await sh(line)
    expect({ code, err }).toMatchObject({ code: 0 })
    expect(out.replaceAll(/\u001B\[[0-9;]*m/g, '')).toMatch(expected)
  }) // prettier-ignore

  test('Prometheus finds the pods and scrapes them', async () => {
    await until('three targets that are up', async () => {
      const { out } = await sh('curl -s http://prometheus:9090/api/v1/targets')
      if (!out.startsWith('{')) return false
      const { data } = JSON.parse(out) as {
        data: { activeTargets: { health: string; labels: Record<string, string> }[] }
      }
      const pods = data.activeTargets.filter(({ labels }) => labels['pod']?.startsWith('erlmcp-tcps-'))
      return pods.length === 3 && pods.every(({ health }) => health === 'up')
    })
  })

  test('top shows the CPU and the memory that the processes really use', async () => {
    await until('metrics of all pods', async () => {
      const { out } = await sh('kubectl top pods -n erlmcp --sort-by=memory')
      return (out.match(/erlmcp-tcps-\S+ +\d+m +\d+Mi/g) ?? []).length === 3
    })
    const { out } = await sh('kubectl top nodes')
    expect(out).toMatch(/node-1 +\d+m +\d+% +\d+Mi +\d+%/)
  })

  test('logs -f and get -w go on until they are interrupted', async () => {
    const logs = await sh('kubectl logs -n erlmcp -f deployment/otel-collector --tail=1', {
      interruptAfterMs: 7_000,
    })
    expect(logs.out.split('\n').length).toBeGreaterThan(2)
    const watch = await sh('kubectl get pods -n erlmcp -w', { interruptAfterMs: 2_000 })
    expect(watch.out).toMatch(/postgres-pod +1\/1 +Running/)
  })
})

describe.skipIf(!hasKubectl)('commands that end with the exit code of a real cluster', SIDE_BY_SIDE, () => {
  test.each([
    ['kubectl describe pod POD_NAME -n erlmcp', 1, /pods "POD_NAME" not found/],
    ['kubectl get pods -n erlmcp --field-selector=spec.nosuch=1', 1, /field label not supported: spec\.nosuch/],
    ['kubectl delete pod -n erlmcp deployment/erlmcp-tcps', 1, /there is no need to specify a resource type/],
    ['kubectl top pods -n erlmcp -w', 1, /unknown shorthand flag/],
    ['kubectl get imagepullsecrets', 1, /the server doesn't have a resource type "imagepullsecrets"/],
    ['kubectl logs -n erlmcp deployment/erlmcp-tcps --previous', 1, /previous terminated container "erlmcp" in pod \S+ not found/],
    ['kubectl exec -n erlmcp postgres-pod -- sh -c "exit 42"', 42, /exit code 42/],
    ['kubectl exec -n erlmcp postgres-pod -- erl -version', 1, /executable file not found in \$PATH/],
    ['kubectl exec -n erlmcp erlmcp-pod -- true', 1, /pods "erlmcp-pod" not found/],
    ['kubectl rollout undo deployment/erlmcp-tcps -n erlmcp --to-revision=999', 1, /unable to find specified revision 999/],
    [`kubectl patch deploy erlmcp-tcps -n erlmcp -p '{bad'`, 1, /invalid character 'b' looking for beginning/],
    [`kubectl patch deploy erlmcp-tcps -n erlmcp --type=json -p '[{"op":"remove","path":"/spec/nosuch"}]'`, 1, /The request is invalid/],
    [`kubectl patch deploy erlmcp-tcps -n erlmcp --type=merge -p '{"spec":{"selector":{"matchLabels":{"app":"x"}}}}'`, 1, /field is immutable/],
    ['kubectl set resources deploy erlmcp-tcps -n erlmcp --limits=memory=64Mi --requests=memory=128Mi', 1, /must be less than or equal to memory limit/],
    ['kubectl create configmap erlmcp-config -n erlmcp --from-literal=a=b', 1, /configmaps "erlmcp-config" already exists/],
  ])('%s', async (line, code, expected) => {
    const result = await sh(line)
    expect(result.code).toBe(code)
    expect(result.err).toMatch(expected)
  }) // prettier-ignore
})

describe.skipIf(!hasKubectl)('an observer', SIDE_BY_SIDE, () => {
  test.each([
    ['kubectl get pods -n erlmcp', 0],
    ['kubectl describe deployment erlmcp-tcps -n erlmcp', 0],
    ['kubectl logs -n erlmcp deployment/erlmcp-tcps --tail=1', 0],
    ['kubectl rollout status deployment/erlmcp-tcps -n erlmcp', 0],
    ['kubectl top nodes', 0],
    ['kubectl get secret erlmcp-secrets -n erlmcp', 1],
    ['kubectl scale deployment erlmcp-tcps --replicas=1 -n erlmcp', 1],
    ['kubectl rollout restart deployment/erlmcp-tcps -n erlmcp', 1],
    ['kubectl set env deployment/erlmcp-tcps A=b -n erlmcp', 1],
    ['kubectl delete pod postgres-pod -n erlmcp', 1],
    ['kubectl exec -n erlmcp postgres-pod -- true', 1],
    [`kubectl patch service erlmcp -n erlmcp -p '{"spec":{"selector":{"maintenance":"true"}}}'`, 1],
    ['kubectl scale deployment erlmcp-tcps --replicas=1 -n erlmcp --dry-run=server', 1],
  ])('%s ends with %s', async (line, code) => {
    const result = await sh(line, { as: 'observer' })
    expect(result.code).toBe(code)
    if (code !== 0)
      expect(result.err).toContain('is forbidden: User "system:serviceaccount:erlmcp:erlmcp-observer" cannot')
  })

  test('cannot write to the database, not even under the name of the service', async () => {
    const result = await sh('psql -h postgres -U erlmcp -d erlmcp -c "DELETE FROM sessions"', {
      as: 'observer',
    })
    expect(result.err).toContain('cannot execute DELETE in a read-only transaction')
  })

  test('a token that nobody issued is refused', async () => {
    const result = await sh('kubectl get pods -n erlmcp --token=guessed --cache-dir=/nonexistent')
    expect([result.code, result.err]).toEqual([1, expect.stringContaining('You must be logged in')])
  })
})

describe.skipIf(!hasKubectl)('changing commands of the runbook', () => {
  test('a pod that is deleted ends gracefully, and another takes its place', async () => {
    const name = await podName()
    expect((await sh(`kubectl delete pod ${name} -n erlmcp`)).out).toContain('deleted')
    const status = await sh('kubectl rollout status deployment/erlmcp-tcps -n erlmcp --timeout=1m')
    expect([status.code, status.out]).toEqual([0, expect.stringContaining('successfully rolled out')])
  })

  test('scale, a bad release, its rollback, and the history of both', async () => {
    expect((await sh('kubectl scale deployment erlmcp-tcps --replicas=4 -n erlmcp')).out).toBe('deployment.apps/erlmcp-tcps scaled\n')
    expect((await sh('kubectl rollout status deployment/erlmcp-tcps -n erlmcp --timeout=1m')).code).toBe(0)
    await cluster.inject({ kind: 'bad-release' })
    expect((await sh('kubectl rollout status deployment/erlmcp-tcps -n erlmcp --timeout=2m')).code).toBe(0)
    await until('errors in the log', async () => (await sh('kubectl logs -n erlmcp -l app=erlmcp --tail=-1')).out.includes('tool_id'))
    expect((await sh('kubectl rollout undo deployment/erlmcp-tcps -n erlmcp')).out).toBe('deployment.apps/erlmcp-tcps rolled back\n')
    expect((await sh('kubectl rollout status deployment/erlmcp-tcps -n erlmcp --timeout=2m')).code).toBe(0)
    const { out } = await sh('kubectl rollout history deployment/erlmcp-tcps -n erlmcp')
    expect(out).toMatch(/2 +release 1\.2\.3\n3 +release 1\.2\.[23]\n/)
    expect((await sh('kubectl scale deployment erlmcp-tcps --replicas=3 -n erlmcp')).code).toBe(0)
  }) // prettier-ignore

  test('set env and set resources start a rollout each, and saying the same again does not', async () => {
    expect((await sh('kubectl set env deployment/erlmcp-tcps -e ERLMCP_DB_POOL_SIZE=8 -n erlmcp')).out).toContain('env updated')
    expect((await sh('kubectl set env deployment/erlmcp-tcps -e ERLMCP_DB_POOL_SIZE=8 -n erlmcp')).out).toBe('')
    expect((await sh('kubectl set resources deployment erlmcp-tcps --limits memory=300Mi -n erlmcp')).out).toContain('resource requirements updated')
    expect((await sh('kubectl rollout restart deployment/erlmcp-tcps -n erlmcp')).out).toContain('restarted')
    expect((await sh('kubectl rollout status deployment/erlmcp-tcps -n erlmcp --timeout=2m')).code).toBe(0)
    // a pod of the old revision may still be ending
    await until('only new pods', async () => (await sh(`kubectl exec -n erlmcp ${await podName()} -- printenv ERLMCP_DB_POOL_SIZE`)).out === '8\n')
  }) // prettier-ignore

  test('a drained service refuses connections, and the same patch with null restores it', async () => {
    const patch = (value: string) => sh(`kubectl patch service erlmcp -n erlmcp -p '{"spec":{"selector":{"maintenance":${value}}}}'`)
    expect((await patch('"true"')).out).toBe('service/erlmcp patched\n')
    await until('no endpoints', async () => (await sh('kubectl get endpoints erlmcp -n erlmcp')).out.includes('<none>'))
    expect((await sh('curl -s -o /dev/null -w %{http_code} http://erlmcp:8080/health')).out).toBe('502')
    await patch('null')
    expect((await patch('null')).out).toBe('service/erlmcp patched (no change)\n')
    await until('the service answers', async () => (await sh('curl -s http://erlmcp:8080/health')).out.includes('ok'))
  }) // prettier-ignore

  test('a backup is taken through exec, and restored with -i into a fresh database', async () => {
    const dump = path.join(dataDir, 'backup.sql')
    expect((await sh(`kubectl exec -n erlmcp postgres-pod -- pg_dump -U erlmcp -d erlmcp > ${dump}`)).code).toBe(0)
    expect(readFileSync(dump, 'utf8')).toContain('CREATE TABLE public.sessions')
    expect((await sh('kubectl scale deployment erlmcp-tcps --replicas=0 -n erlmcp')).code).toBe(0)
    await until('all pods gone', async () => (await podName()) === '')
    for (const line of ['dropdb -U postgres erlmcp', 'createdb -U postgres -O erlmcp erlmcp']) {
      expect(await sh(`kubectl exec -n erlmcp postgres-pod -- ${line}`)).toMatchObject({ code: 0 })
    }
    const restored = await sh(`kubectl exec -i -n erlmcp postgres-pod -- psql -q -U erlmcp -d erlmcp`, { input: readFileSync(dump, 'utf8') })
    expect(restored.code).toBe(0)
    const count = await sh('psql -h postgres -U erlmcp -d erlmcp -Atc "SELECT count(*) FROM sessions"')
    expect(count.out).toBe('500\n')
    expect((await sh('kubectl scale deployment erlmcp-tcps --replicas=3 -n erlmcp')).code).toBe(0)
    expect((await sh('kubectl rollout status deployment/erlmcp-tcps -n erlmcp --timeout=2m')).code).toBe(0)
  }) // prettier-ignore

  test('cp takes a file there and back, and port-forward reaches the pod', async () => {
    const file = path.join(dataDir, 'note.txt')
    writeFileSync(file, 'as it was\n')
    const pod = await podName()
    expect((await sh(`kubectl cp ${file} erlmcp/${pod}:/tmp/note.txt`)).code).toBe(0)
    expect((await sh(`kubectl cp erlmcp/${pod}:/tmp/note.txt ${file}.back`)).code).toBe(0)
    expect(readFileSync(`${file}.back`, 'utf8')).toBe('as it was\n')
    const forwarded = await sh(`kubectl port-forward -n erlmcp svc/erlmcp 28080:8080 >/dev/null & sleep 2; curl -s http://127.0.0.1:28080/health; kill %1`)
    expect(forwarded.out).toContain('"status":"ok"')
  }) // prettier-ignore

  test('apply knows what has changed, diff shows it, and a dry run stores nothing', async () => {
    const source = readFileSync(path.join(cluster.manifestsDir, 'configuration.yaml'), 'utf8')
    const changed = path.join(dataDir, 'changed.yaml')
    writeFileSync(changed, source.replace('LOG_LEVEL: info', 'LOG_LEVEL: debug'))
    expect((await sh(`kubectl diff -f ${changed}`)).out).toContain('+  LOG_LEVEL: debug')
    expect((await sh(`kubectl apply -f ${changed} --dry-run=server`)).out).toContain('configmap/erlmcp-config configured (server dry run)')
    const level = () => sh(`kubectl get cm erlmcp-config -n erlmcp -o jsonpath='{.data.LOG_LEVEL}'`)
    expect((await level()).out).toBe('info')
    expect((await sh(`kubectl apply -f ${changed}`)).out).toBe('configmap/erlmcp-config configured\n')
    expect((await level()).out).toBe('debug')
    expect((await sh(`kubectl apply -f ${path.join(cluster.manifestsDir, 'erlmcp.yaml')}`)).out).toContain('service/erlmcp unchanged')
    expect((await sh(`kubectl apply -f ${path.join(cluster.manifestsDir, 'configuration.yaml')}`)).code).toBe(0)
  }) // prettier-ignore

  test('a job runs to its end, custom resources are kept, labels and deletions work', async () => {
    expect((await sh('kubectl create job j1 -n erlmcp --image=busybox -- echo job done')).code).toBe(0)
    expect((await sh('kubectl wait -n erlmcp --for=condition=complete job/j1 --timeout=30s')).code).toBe(0)
    expect((await sh('kubectl logs -n erlmcp job/j1')).out).toBe('job done\n')
    expect((await sh('kubectl delete job j1 -n erlmcp')).code).toBe(0)
    const backup = 'apiVersion: velero.io/v1\nkind: Backup\nmetadata: { name: b1, namespace: erlmcp }\nspec: { includedNamespaces: [erlmcp] }\n'
    expect((await sh('kubectl apply -f -', { input: backup })).out).toBe('backup.velero.io/b1 created\n')
    expect((await sh('kubectl label backup b1 -n erlmcp reason=test')).out).toContain('labeled')
    expect((await sh(`kubectl get backups -n erlmcp -l reason=test -o jsonpath='{.items[0].spec.includedNamespaces[0]}'`)).out).toBe('erlmcp')
    expect((await sh('kubectl delete backup b1 -n erlmcp')).code).toBe(0)
  }) // prettier-ignore
})

describe.skipIf(!hasKubectl)('pods in trouble look as they do in a real cluster', () => {
  const back = async (): Promise<void> => {
    await sh(`kubectl apply -f ${cluster.manifestsDir}`)
    await sh('kubectl rollout status deployment/erlmcp-tcps -n erlmcp --timeout=2m')
  }
  const status = async (): Promise<string> => (await sh('kubectl get pods -n erlmcp -l app=erlmcp')).out

  test.each([
    [
      'a missing variable',
      'missing-variable',
      /CrashLoopBackOff/,
      /missing environment variable ERLMCP_DB_POOL_SIZE/,
    ],
    [
      'a broken configuration',
      'bad-config',
      /CrashLoopBackOff/,
      /configuration error in \/config\/erlmcp\.json/,
    ],
  ] as const)('a crash loop by %s says why in its log', async (_title, cause, shown, why) => {
    await cluster.inject({ kind: 'crash-loop', cause })
    await until('the status', async () => shown.test(await status()))
    await until('the reason in the log', async () => why.test((await sh('kubectl logs -n erlmcp -l app=erlmcp --tail=-1')).out)) // prettier-ignore
    await back()
  })

  test('a memory limit that is too low ends the program with OOMKilled', async () => {
    await cluster.inject({ kind: 'crash-loop', cause: 'memory-limit' })
    await until('the reason', async () => {
      const { out } = await sh('kubectl describe pods -n erlmcp -l app=erlmcp')
      return /Reason: +OOMKilled\n +Exit Code: +137/.test(out)
    })
    await back()
  })

  test('an image that no registry has cannot be pulled, and the old pods keep serving', async () => {
    await cluster.inject({ kind: 'image-missing' })
    await until('the status', async () => /ErrImagePull|ImagePullBackOff/.test(await status()))
    expect((await sh('kubectl get deployment erlmcp-tcps -n erlmcp')).out).toMatch(/3\/3/)
    await back()
  })

  test('a pod that no node has room for stays Pending and says why', async () => {
    await cluster.inject({ kind: 'node-full' })
    await until('the status', async () => (await status()).includes('Pending'))
    expect((await sh('kubectl get events -n erlmcp')).out).toMatch(
      /FailedScheduling .*0\/2 nodes are available: 2 Insufficient cpu/,
    )
    await back()
  })

  test('a full disk is really full, and clearing old logs through exec mends it', async () => {
    await cluster.inject({ kind: 'crash-loop', cause: 'full-disk' })
    await until('the log says so', async () => (await sh('kubectl logs -n erlmcp -l app=erlmcp --tail=-1')).out.includes('no space left on device'))
    const pods = (await sh(`kubectl get pods -n erlmcp -l app=erlmcp -o name`)).out.trim().split('\n')
    let cleaned = false
    for (const pod of pods) {
      const { out } = await sh(`kubectl exec -n erlmcp ${pod} -- df -h /var/log/erlmcp`)
      if (!out.includes('100%')) continue
      cleaned = (await sh(`kubectl exec -n erlmcp ${pod} -- find /var/log -mtime +7 -delete`)).code === 0
    }
    expect(cleaned).toBe(true)
    await until('all ready', async () => (await sh('kubectl get deployment erlmcp-tcps -n erlmcp')).out.includes('3/3'))
  }) // prettier-ignore

  test('the database pod does not come back by itself, and is created again from its manifest', async () => {
    await cluster.inject({ kind: 'database-dead' })
    expect((await sh('kubectl get pod postgres-pod -n erlmcp')).code).toBe(1)
    await until('not ready', async () =>
      (await sh('kubectl get deployment erlmcp-tcps -n erlmcp')).out.includes('0/3'),
    )
    await sh(`kubectl apply -f ${path.join(cluster.manifestsDir, 'database.yaml')}`)
    await until('ready again', async () =>
      (await sh('kubectl get deployment erlmcp-tcps -n erlmcp')).out.includes('3/3'),
    )
  })
})

test.skipIf(!hasKubectl)('a sandbox whose process is killed leaves no process behind', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'erlmcp-killed-'))
  const module = path.resolve('src/rehearsal/cluster/cluster.ts')
  const script = `const { startCluster } = await import(${JSON.stringify(module)}); await startCluster({ dataDir: ${JSON.stringify(folder)} }); console.log('up'); setInterval(() => {}, 1000)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await new Promise<void>((resolve) => child.stdout.once('data', () => resolve()))
  const left = () => execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' }).split('\n').filter((line) => line.includes(folder)) // prettier-ignore
  expect(left().length).toBeGreaterThan(3)
  child.kill('SIGKILL')
  await until('nothing is left', () => Promise.resolve(left().length === 0), 10_000)
  expect(existsSync(path.join(folder, 'owner'))).toBe(true)
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
})
