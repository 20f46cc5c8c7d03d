import { $ } from "bun";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Type, { type Static } from "typebox";
import { Parse } from "typebox/value";

/** A running istiod generator. */
export const ISTIO = "istio.io/istio@v0.0.0-20260827124520-eed52ebb66ad";

/** A sidecar, or a gateway when it has labels that a Gateway selects. */
export interface Proxy {
  name: string;
  type: "sidecar" | "router";
  namespace: string;
  labels: Readonly<Record<string, string>>;
}

const Generated = Type.Object({
  routes: Type.Union([Type.Array(Type.Unknown()), Type.Null()]),
  clusters: Type.Union([Type.Array(Type.Unknown()), Type.Null()]),
  listeners: Type.Union([Type.Array(Type.Unknown()), Type.Null()]),
});

/** Envoy's configuration by the name of the proxy, or why istiod refuses the objects. */
export const PilotAnswer = Type.Object({
  refusal: Type.Optional(Type.String()),
  proxies: Type.Optional(Type.Record(Type.String(), Generated)),
});
export type PilotAnswer = Static<typeof PilotAnswer>;
export type Generated = Static<typeof Generated>;

const Download = Type.Object({ Dir: Type.String() });

/** istiod's generators, built from Istio's module. Needs Go, and Go's module proxy the first time. */
export class Pilot implements AsyncDisposable {
  readonly #folder: string | undefined;
  readonly #child: Bun.Subprocess<"pipe", "pipe", "inherit">;
  #rest = "";
  readonly #lines: AsyncIterator<string>;

  private constructor(program: string, folder: string | undefined) {
    this.#folder = folder;
    this.#child = Bun.spawn([program], { stdin: "pipe", stdout: "pipe", stderr: "inherit" });
    this.#lines = this.#read();
  }

  /**
   * Takes many minutes the first time, because Go compiles istiod's packages.
   * @param program a program that was built before
   */
  static async start(program?: string): Promise<Pilot> {
    if (program !== undefined) return new Pilot(program, undefined);
    const folder = await mkdtemp(join(tmpdir(), "pilot-"));
    const { Dir } = Parse(Download, await $`go mod download -json ${ISTIO}`.cwd(folder).json());
    const module = join(folder, "istio");
    await $`cp -r ${Dir} ${module} && chmod -R u+w ${module} && mkdir ${module}/pilot/cmd/answer`;
    await $`cp ${join(import.meta.dir, "pilot.go")} ${module}/pilot/cmd/answer/main.go`;
    await $`go build -mod=mod -o ${folder}/answer ./pilot/cmd/answer`.cwd(module);
    return new Pilot(`${folder}/answer`, folder);
  }

  /** The configuration that each proxy would get for some objects. */
  async ask(
    objects: readonly unknown[],
    services: readonly unknown[],
    proxies: readonly Proxy[],
  ): Promise<PilotAnswer> {
    const asked = {
      config: objects.map((object) => JSON.stringify(object)).join("\n---\n"),
      services: services.map((service) => JSON.stringify(service)),
      proxies,
    };
    await this.#child.stdin.write(`${JSON.stringify(asked)}\n`);
    await this.#child.stdin.flush();
    const { value, done } = await this.#lines.next();
    if (done === true) throw new Error("istiod's generators ended");
    return Parse(PilotAnswer, JSON.parse(value));
  }

  async *#read(): AsyncGenerator<string> {
    const decoder = new TextDecoder();
    for await (const chunk of this.#child.stdout) {
      const lines = (this.#rest + decoder.decode(chunk, { stream: true })).split("\n");
      this.#rest = lines.pop() ?? "";
      yield* lines;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#child.stdin.end();
    await this.#child.exited;
    if (this.#folder !== undefined) await rm(this.#folder, { recursive: true });
  }
}
