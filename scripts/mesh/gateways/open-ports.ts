import { LOCAL_DOMAIN, localName } from "../../traffic/hosts.ts";
import type { HttpServer } from "../http/server.ts";
import type { GatewayPort } from "./gateway-ports.ts";
import { type Certificate, LocalAuthority } from "./local-authority.ts";

/** The address of a gateway's port on this machine. */
export interface GatewayAddress extends Omit<GatewayPort, "key" | "certificate"> {
  /** On 127.0.0.1. */
  port: number;
  /** Whether this machine has made the certificate. */
  isSelfMade: boolean;
}

export interface OpenPortsOptions {
  root: string;
  /** Whether to use any free ports instead of ones similar to the cluster's. */
  anyPort: boolean;
  /** Opens a port. Throws an error with code EADDRINUSE if it is in use. */
  open(port: GatewayPort, number: number, tls: Certificate | undefined): HttpServer;
}

// Ports below this number need special rights.
const FIRST_UNPRIVILEGED = 1024;
const OFFSET = 8000;
const TRIES = 50;

/** The open ports of gateways besides the main one. They follow the configuration. */
export class OpenPorts {
  readonly #options: OpenPortsOptions;
  readonly #open = new Map<string, { port: GatewayPort; server: HttpServer }>();
  #authority: Promise<LocalAuthority> | undefined;
  #turn = 0;

  constructor(options: OpenPortsOptions) {
    this.#options = options;
  }

  get addresses(): GatewayAddress[] {
    return [...this.#open.values()].map(({ port, server }) => ({
      ...port,
      port: server.port,
      isSelfMade: port.protocol === "https" && port.certificate === undefined,
    }));
  }

  /** Opens new ports and closes removed ones; requests in flight finish. */
  async follow(wanted: readonly GatewayPort[]): Promise<void> {
    const turn = ++this.#turn;
    const isMade = wanted.some(
      ({ protocol, certificate }) => protocol === "https" && certificate === undefined,
    );
    if (isMade) this.#authority ??= LocalAuthority.open(this.#options.root);
    const authority = isMade ? await this.#authority : undefined;
    if (turn !== this.#turn) return;
    const keys = new Set(wanted.map(({ key }) => key));
    for (const [key, { server }] of this.#open) {
      if (keys.has(key)) continue;
      this.#open.delete(key);
      void server.stop();
    }
    for (const port of wanted) {
      const open = this.#open.get(port.key);
      const server = open?.server ?? this.#listen(port, authority);
      this.#open.set(port.key, { port, server });
    }
  }

  /** Returns the current port of a socket. */
  portOf(key: string): GatewayPort | undefined {
    return this.#open.get(key)?.port;
  }

  /** Listens on a port near the one that the Gateway names. */
  #listen(port: GatewayPort, authority: LocalAuthority | undefined): HttpServer {
    const tls = port.protocol === "http" ? undefined : (port.certificate ?? authority?.issue(namesOf(port)));
    const { number } = port;
    const first = number < FIRST_UNPRIVILEGED ? number + OFFSET : number;
    for (let tried = this.#options.anyPort ? TRIES : 0; tried < TRIES; tried++) {
      try {
        return this.#options.open(port, first + tried, tls);
      } catch (error) {
        if (!isTaken(error)) throw error;
      }
    }
    return this.#options.open(port, 0, tls);
  }
}

/** Returns the names of a certificate that is made here: the hosts, and those below the local domain. */
function namesOf({ hosts }: GatewayPort): string[] {
  return [...new Set(["127.0.0.1", LOCAL_DOMAIN, ...hosts().flatMap((host) => [host, localName(host)])])];
}

function isTaken(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "EADDRINUSE";
}
