import { Kube } from "../kube/client.ts";
import type { Connection } from "../kube/connection.ts";
import type { Programs } from "../programs.ts";
import type { ReleaseFile } from "./versions.ts";
import { releaseFile } from "./release-file.ts";

export interface PlatformContextOptions {
  /** Connects to a cluster; by default that of the kubeconfig's current context. */
  connect: (context: string | undefined) => Connection;
  context: string | undefined;
  programs: Programs;
  signal: AbortSignal;
  /** How long a step may take to become ready. */
  timeoutMs: number;
  /** How often something that is waited for is looked at. @default 1000 */
  pollMs?: number;
  cacheDir: string;
  env: Readonly<Record<string, string | undefined>>;
}

/** The cluster that steps work on, which a step may start, and the programs of this machine. */
export class PlatformContext {
  readonly programs: Programs;
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
  readonly pollMs: number;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly #connect: PlatformContextOptions["connect"];
  readonly #cacheDir: string;
  #context: string | undefined;

  constructor(options: PlatformContextOptions) {
    this.programs = options.programs;
    this.signal = options.signal;
    this.timeoutMs = options.timeoutMs;
    this.pollMs = options.pollMs ?? 1_000;
    this.env = options.env;
    this.#connect = options.connect;
    this.#cacheDir = options.cacheDir;
    this.#context = options.context;
  }

  /** The kubeconfig context that the user has named, or that was started since. */
  get context(): string | undefined {
    return this.#context;
  }

  /** Switches to another context. */
  use(context: string): void {
    this.#context = context;
  }

  /** Returns a new client of the cluster: an older one would not see kinds that steps install. @throws NoCluster */
  kube(): Kube {
    return new Kube(this.#connect(this.#context));
  }

  /** The text of a released file. @throws UserError */
  release(file: ReleaseFile): Promise<string> {
    const folder = this.env["KYC_PLATFORM_DIR"] || undefined;
    return releaseFile(file, { cacheDir: this.#cacheDir, folder, signal: this.signal });
  }
}
