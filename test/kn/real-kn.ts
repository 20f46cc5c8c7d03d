import { $ } from "bun";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Type, { type Static } from "typebox";
import { Parse } from "typebox/value";
import type { Case } from "./commands.ts";

/** The version of kn's module, whose release is kn 1.15. */
export const KN = "knative.dev/client@v0.42.0";

/** An entry of a traffic block. */
export const Target = Type.Object({
  tag: Type.Optional(Type.String()),
  revisionName: Type.Optional(Type.String()),
  latestRevision: Type.Boolean(),
  percent: Type.Integer(),
});

/** The result of kn for a case: the traffic block that it sent, or the sentence of a refusal. */
export const Answer = Type.Object({
  traffic: Type.Optional(Type.Array(Target)),
  /** kn refused. */
  refusal: Type.Optional(Type.String()),
  /** kn sent it, and Knative's webhook refused. */
  webhook: Type.Optional(Type.String()),
});
export type Answer = Static<typeof Answer>;

const Download = Type.Object({ Dir: Type.String() });

/** kn, built from its module, with a fake cluster. It needs Go, and Go's module proxy the first time. */
export class RealKn implements AsyncDisposable {
  readonly #folder: string;
  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** Takes some minutes the first time, when Go compiles kn. */
  static async build(): Promise<RealKn> {
    const folder = await mkdtemp(join(tmpdir(), "kn-"));
    const { Dir } = Parse(Download, await $`go mod download -json ${KN}`.cwd(folder).json());
    const module = join(folder, "client");
    await $`cp -r ${Dir} ${module} && chmod -R u+w ${module} && rm -rf ${module}/vendor`;
    await $`mkdir ${module}/cmd/answer && cp ${join(import.meta.dir, "answer.go")} ${module}/cmd/answer/main.go`;
    await $`go build -mod=mod -o ${folder}/answer ./cmd/answer`.cwd(module);
    return new RealKn(folder);
  }

  async answers(cases: readonly Case[]): Promise<Answer[]> {
    const lines = cases.map((each) => JSON.stringify(each)).join("\n");
    const text = await $`${this.#folder}/answer < ${Buffer.from(lines)}`.text();
    return text
      .trimEnd()
      .split("\n")
      .map((line) => Parse(Answer, JSON.parse(line)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#folder, { recursive: true });
  }
}
