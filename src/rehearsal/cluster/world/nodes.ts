import { release } from 'node:os'
import type { Node } from 'kubernetes-types/core/v1.js'
import { VERSION } from '../api/discovery.ts'
import type { AddressBlock } from '../network/addresses.ts'
import { apiTime } from '../object.ts'

const NODES = ['node-1', 'node-2']

/** The capacity is declared, not the machine's: what a test of scheduling says must not depend on where it runs. */
const CAPACITY = { cpu: '4', memory: '8Gi', pods: '110', 'ephemeral-storage': '50Gi' }

export function nodeObjects(addresses: AddressBlock, now: Date): Node[] {
  return NODES.map((name, index) => ({
    metadata: {
      name,
      labels: {
        'kubernetes.io/hostname': name,
        'kubernetes.io/os': 'linux',
        'kubernetes.io/arch': process.arch === 'arm64' ? 'arm64' : 'amd64',
      },
    },
    spec: { podCIDR: `127.${addresses.block}.0.0/16` },
    status: {
      capacity: CAPACITY,
      allocatable: CAPACITY,
      addresses: [
        { type: 'InternalIP', address: addresses.node(index) },
        { type: 'Hostname', address: name },
      ],
      conditions: [
        condition(
          'MemoryPressure',
          'False',
          'KubeletHasSufficientMemory',
          'kubelet has sufficient memory available',
          now,
        ),
        condition('DiskPressure', 'False', 'KubeletHasNoDiskPressure', 'kubelet has no disk pressure', now),
        condition(
          'PIDPressure',
          'False',
          'KubeletHasSufficientPID',
          'kubelet has sufficient PID available',
          now,
        ),
        condition('Ready', 'True', 'KubeletReady', 'kubelet is posting ready status', now),
      ],
      nodeInfo: {
        architecture: process.arch === 'arm64' ? 'arm64' : 'amd64',
        bootID: '',
        containerRuntimeVersion: 'sandbox://1.0',
        kernelVersion: release(),
        kubeProxyVersion: VERSION.gitVersion,
        kubeletVersion: VERSION.gitVersion,
        machineID: '',
        operatingSystem: 'linux',
        osImage: 'erlmcp sandbox (processes of this machine)',
        systemUUID: '',
      },
    },
  }))
}

const condition = (type: string, status: string, reason: string, message: string, now: Date) => ({
  type,
  status,
  reason,
  message,
  lastHeartbeatTime: apiTime(now),
  lastTransitionTime: apiTime(now),
})
