import { cp, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Type from "typebox";
import { Check } from "typebox/schema";
import { conflictOf } from "../cluster/deploy/conflict.ts";
import { serviceContext } from "../cluster/kube/service-context.ts";
import { KubeObject, refOf } from "../cluster/kube/kube-object.ts";
import { type CheckResult, equalCheck } from "../cluster/verify/check.ts";
import type { RecordedEngine } from "../engines/engine.ts";
import { istioEngine } from "../engines/istio/istio-engine.ts";
import { knativeEngine } from "../engines/knative/knative-engine.ts";
import { SplitFiles } from "../engines/write-back.ts";
import { readDocuments } from "../manifests/read.ts";
import type { Scenario, Stage } from "./scenario.ts";
import { WHOLE } from "./scenario.ts";
import { BY_ISTIO, BY_KNATIVE } from "./splits.ts";

const SERVICE = "credit-check";
const CHANGED = { basic: 70, advanced: 30 };
/** The field manager of a GitOps controller. */
const GIT = { fieldManager: "git" };

const WithTraffic = Type.Object({
  kind: Type.Literal("Service"),
  spec: Type.Object({ traffic: Type.Array(Type.Unknown()) }),
});
const WithRules = Type.Object({
  kind: Type.Literal("VirtualService"),
  spec: Type.Object({ http: Type.Array(Type.Unknown()) }),
});

/**
 * Changes a split while a controller applies the files of a folder: the controller gets a conflict, keeps the split if its
 * files do not have the field or if the split was written back, and resets it if it forces the old files.
 */
export const splitInGit: Scenario = {
  name: "a split in git",
  async run(stage) {
    const folder = await mkdtemp(join(tmpdir(), "kyc-e2e-git-"));
    try {
      for (const each of WHOLE) await cp(join(stage.root, each), join(folder, each), { recursive: true });
      const { kube, namespace } = stage;
      await stage.deploy([BY_KNATIVE.istio]);
      const options = { kube, namespace, service: SERVICE };
      const knative = await beside(stage, folder, "Knative", knativeEngine(options), ["knative"]);
      await stage.deploy([BY_ISTIO.istio]);
      return [
        ...knative,
        ...(await beside(stage, folder, "Istio", await istioEngine(options), [BY_ISTIO.istio])),
      ];
    } finally {
      await rm(folder, { recursive: true });
    }
  },
  clean: (stage) => stage.deploy(WHOLE),
};

async function beside(
  stage: Stage,
  folder: string,
  by: string,
  engine: RecordedEngine,
  folders: readonly string[],
): Promise<CheckResult[]> {
  const { kube, namespace, signal } = stage;
  const check = (name: string, expected: string, seen: string): CheckResult =>
    equalCheck("split in git", `by ${by}: ${name}`, expected, seen);
  const before = await engine.read();
  const targets = before.targets.map((target) => {
    const percent = Object.entries(CHANGED).find(([tag]) => tag === target.tag)?.[1] ?? 0;
    return { ...target, percent };
  });
  const written = await engine.write(targets, before.version, "kyc e2e");
  await engine.inForce(signal);
  const old = await objectOfSplit(stage, folder, folders);
  const refused = await kube.apply(old, GIT).then(
    () => undefined,
    (error: unknown) => conflictOf(error, refOf(old)),
  );
  const managers = refused?.fields.map(({ field, manager }) => `${field} of ${manager}`).join(", ");
  const field = old.kind === "Service" ? "spec.traffic" : "spec.http";
  await kube.apply({ ...old, metadata: withLabel(old), spec: {} }, { ...GIT, force: true });
  const results = [
    check("the old file is in conflict over", `${field} of kyc-split`, managers ?? "nothing"),
    check("after the file without the field, forced", sharesOf(written), sharesOf(await engine.read())),
  ];
  if (old.kind === "Service") {
    const files = await SplitFiles.open(serviceContext({ service: SERVICE, root: folder, namespace }));
    const { place } = await files.write(written, "kyc e2e");
    results.push(
      check("lines changed in the files", "percent: 70, percent: 30", await changes(stage, folder, place)),
    );
    await kube.apply(await objectOfSplit(stage, folder, folders), { ...GIT, force: true });
    results.push(
      check("after the file written back, forced", sharesOf(written), sharesOf(await engine.read())),
    );
  }
  await kube.apply(old, { ...GIT, force: true });
  await engine.inForce(signal);
  const after = await engine.read();
  const seen = `${sharesOf(after)}, by ${after.changed?.by}`;
  return [...results, check("after the old file, forced", "basic 50 %, advanced 50 %, by git", seen)];
}

/** The last object of a folder that contains the split, reduced to its identity and the field of the split. */
async function objectOfSplit(
  { namespace }: Stage,
  root: string,
  folders: readonly string[],
): Promise<KubeObject> {
  const { documents } = await readDocuments(root, folders);
  const [found] = documents
    .flatMap(({ value }): KubeObject[] => {
      const split = Check(WithTraffic, value)
        ? { traffic: value.spec.traffic }
        : Check(WithRules, value)
          ? { http: value.spec.http }
          : undefined;
      if (split === undefined || !Check(KubeObject, value)) return [];
      const { apiVersion, kind, metadata } = value;
      return [{ apiVersion, kind, metadata: { name: metadata.name, namespace }, spec: split }];
    })
    .slice(-1);
  if (found === undefined) throw new Error(`no file of ${folders.join()} holds a split`);
  return found;
}

function withLabel({ metadata }: KubeObject): KubeObject["metadata"] {
  return { ...metadata, labels: { "kyc-e2e": "git" } };
}

function sharesOf({ targets }: Pick<Awaited<ReturnType<RecordedEngine["read"]>>, "targets">): string {
  return targets.map(({ tag, percent }) => `${tag} ${percent} %`).join(", ");
}

/** The lines of a file that differ from those of the project. @param place the file and a line */
async function changes({ root }: Stage, folder: string, place: string): Promise<string> {
  const file = place.replace(/:\d+$/, "");
  const [before, after] = await Promise.all(
    [root, folder].map(async (each) => (await readFile(join(each, file), "utf8")).split("\n")),
  );
  return (after ?? [])
    .filter((line, i) => line !== before?.[i])
    .map((line) => line.trim())
    .join(", ");
}
