/** Where a port of the cluster is taken on this machine, the sandbox names another one. */
export const actualPort = (port: number, env: Record<string, string | undefined>): number =>
  Number(env[`SANDBOX_PORT_${port}`] ?? port)
