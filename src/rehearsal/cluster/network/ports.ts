/**
 * Which port stands for a port of the cluster. Manifests and clients go on naming the cluster's own; what listens and
 * what connects on loopback uses the other.
 */
export class Ports {
  #others: ReadonlyMap<number, number>

  constructor(others: ReadonlyMap<number, number> = new Map()) {
    this.#others = others
  }

  /** The port on loopback. */
  actual(port: number): number {
    return this.#others.get(port) ?? port
  }

  /** Whether any port is another one. */
  get differ(): boolean {
    return this.#others.size > 0
  }

  /** For the programs in the pods: `SANDBOX_PORT_8080=18080`. Empty where no port is taken. */
  environment(): Record<string, string> {
    const own = [...this.#others].map(([port, other]) => [`SANDBOX_PORT_${port}`, String(other)])
    return Object.fromEntries(own) as Record<string, string>
  }

  /** "8080 is 18080, 5432 is 15432"; empty where no port is taken. */
  toString(): string {
    return [...this.#others].map(([port, other]) => `${port} is ${other}`).join(', ')
  }
}
