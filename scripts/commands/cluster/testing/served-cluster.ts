import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Authority } from "../../../cluster/kube/testing/certificates.ts";
import type { FakeCluster } from "../../../cluster/testing/fake-cluster.ts";
import { type Finished, kycWith, PROGRAM } from "../../testing/kyc-process.ts";

/** A running command. */
export interface RunningCommand {
  /** The output so far, of both streams. */
  output(): string;
  /** Waits until the output contains this text. */
  until(text: string): Promise<void>;
  kill(signal: NodeJS.Signals): void;
  finished: Promise<Finished>;
}

/** A fake cluster behind TLS on this machine, with a kubeconfig, for commands that run in separate processes. */
export class ServedCluster implements AsyncDisposable {
  readonly #server: ReturnType<typeof Bun.serve>;
  readonly #folder: string;

  private constructor(server: ReturnType<typeof Bun.serve>, folder: string) {
    this.#server = server;
    this.#folder = folder;
  }

  static async start(cluster: FakeCluster): Promise<ServedCluster> {
    const authority = new Authority("cluster");
    const server = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      idleTimeout: 0,
      tls: authority.server("127.0.0.1"),
      async fetch(request) {
        const { pathname, search } = new URL(request.url);
        const { method, signal } = request;
        const body = method === "GET" ? undefined : await request.text();
        return cluster.open(pathname + search, { method, body, signal });
      },
    });
    const folder = await mkdtemp(join(tmpdir(), "kyc-served-"));
    const served = new ServedCluster(server, folder);
    const ca = Buffer.from(authority.cert, "utf8").toString("base64");
    // A context for the cluster, one for an unreachable remote cluster, and one that refuses connections.
    await writeFile(
      served.kubeconfig,
      JSON.stringify({
        apiVersion: "v1",
        kind: "Config",
        "current-context": "fake",
        contexts: ["fake", "elsewhere", "off"].map((name) => ({
          name,
          context: { cluster: name, user: "u" },
        })),
        clusters: [
          {
            name: "fake",
            cluster: { server: `https://127.0.0.1:${server.port}`, "certificate-authority-data": ca },
          },
          { name: "elsewhere", cluster: { server: "https://cluster.example.invalid:6443" } },
          { name: "off", cluster: { server: "https://127.0.0.1:1" } },
        ],
        users: [{ name: "u", user: {} }],
      }),
    );
    return served;
  }

  get kubeconfig(): string {
    return join(this.#folder, "config");
  }

  /** Makes another context the current one: `elsewhere` or `off`. */
  async use(context: string): Promise<void> {
    const text = await Bun.file(this.kubeconfig).text();
    await writeFile(
      this.kubeconfig,
      text.replace(/"current-context":"[a-z]+"/, `"current-context":"${context}"`),
    );
  }

  /** Starts a command of `kyc` against the cluster, in a separate process. */
  run(...args: string[]): RunningCommand {
    const child = Bun.spawn([...PROGRAM, ...args], {
      env: this.#env,
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
    });
    const texts = { out: "", err: "" };
    let changed = Promise.withResolvers<void>();
    const read = async (stream: ReadableStream<Uint8Array>, as: keyof typeof texts): Promise<void> => {
      const decoder = new TextDecoder();
      for await (const bytes of stream) {
        texts[as] += decoder.decode(bytes, { stream: true });
        changed.resolve();
        changed = Promise.withResolvers();
      }
    };
    const finished = Promise.all([read(child.stdout, "out"), read(child.stderr, "err"), child.exited]).then(
      ([, , code]) => ({ code, ...texts }),
    );
    const output = (): string => texts.out + texts.err;
    return {
      output,
      async until(text) {
        while (!output().includes(text)) {
          const over = await Promise.race([changed.promise, finished]);
          if (over !== undefined && !output().includes(text))
            throw new Error(`it ended without "${text}":\n${output()}`);
        }
      },
      kill: (signal) => child.kill(signal),
      finished,
    };
  }

  /** Runs a command to its end. */
  kyc(...args: string[]): Promise<Finished> {
    return kycWith(this.#env, args);
  }

  get #env(): Record<string, string> {
    return {
      PATH: "/nonexistent",
      NO_COLOR: "1",
      KUBECONFIG: this.kubeconfig,
      TMPDIR: tmpdir(),
      KYC_IMAGE_TAG: "trial",
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.stop(true);
    await rm(this.#folder, { recursive: true, force: true });
  }
}
