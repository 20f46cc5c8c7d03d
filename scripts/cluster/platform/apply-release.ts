import Type from "typebox";
import { Check } from "typebox/schema";
import { ApiError, isPassing } from "../kube/api-error.ts";
import { KubeObject, nameOf, refOf } from "../kube/kube-object.ts";
import { pause } from "../kube/pause.ts";
import { MANAGER } from "../ownership.ts";
import { recordStep } from "./ledger.ts";
import type { PlatformContext } from "./platform-context.ts";
import type { Report } from "./step.ts";
import { until } from "./wait-until.ts";

const CRD = { apiVersion: "apiextensions.k8s.io/v1", kind: "CustomResourceDefinition" } as const;

/** The objects of a released file, each once. */
export function objectsIn(yaml: string): KubeObject[] {
  const documents: unknown = Bun.YAML.parse(yaml);
  const objects = new Map<string, KubeObject>();
  for (const document of Array.isArray(documents) ? documents : [documents]) {
    if (document === null) continue;
    if (!Check(KubeObject, document))
      throw new Error("a released file holds a document that is not a Kubernetes object");
    objects.set(`${document.apiVersion} ${nameOf(refOf(document))}`, document);
  }
  return [...objects.values()];
}

/**
 * Applies a release's objects in order, custom resource definitions first. Objects that do not exist yet are recorded
 * before any is applied.
 */
export async function applyRelease(
  platform: PlatformContext,
  step: string,
  objects: readonly KubeObject[],
  report: Report,
): Promise<void> {
  report("looking at what is there");
  const missing: KubeObject[] = [];
  const kube = platform.kube();
  for (const object of objects) if ((await kube.get(refOf(object))) === undefined) missing.push(object);
  const definitions = objects.filter(isDefinition);
  const others = objects.filter((object) => !isDefinition(object));
  const inOrder = [...missing.filter(isDefinition), ...missing.filter((object) => !isDefinition(object))];
  await recordStep(kube, step, { objects: inOrder.map(refOf) });
  for (const object of definitions) await applyOne(platform, object, report);
  if (definitions.length > 0)
    await until("the new kinds", platform, report, () => notEstablished(platform, definitions));
  for (const object of others) await applyOne(platform, object, report);
}

async function applyOne(platform: PlatformContext, object: KubeObject, report: Report): Promise<void> {
  const name = nameOf(refOf(object));
  const since = performance.now();
  for (;;) {
    platform.signal.throwIfAborted();
    report("applying", name);
    try {
      await platform.kube().apply(object, { fieldManager: MANAGER, force: true, signal: platform.signal });
      return;
    } catch (error) {
      if (!mayStillStart(error) || performance.now() - since > platform.timeoutMs) throw error;
      await pause(platform.pollMs, platform.signal);
    }
  }
}

/**
 * Whether an apply may succeed a moment later: the kind is not served yet, or the server or the webhook that checks
 * the object is not ready. The API server reports a webhook that it cannot reach by status 500, and a webhook that
 * refuses the object by a 4xx.
 */
function mayStillStart(error: unknown): boolean {
  return isPassing(error) || (error instanceof ApiError && error.reason === "NoSuchKind");
}

const Established = Type.Object({
  status: Type.Object({
    conditions: Type.Array(Type.Object({ type: Type.String(), status: Type.String() })),
  }),
});

async function notEstablished(
  platform: PlatformContext,
  definitions: readonly KubeObject[],
): Promise<string | undefined> {
  const { items } = await platform.kube().list(CRD);
  const established = new Set(
    items
      .filter(
        (item) =>
          Check(Established, item) &&
          item.status.conditions.some(({ type, status }) => type === "Established" && status === "True"),
      )
      .map(({ metadata }) => metadata.name),
  );
  const late = definitions.find(({ metadata }) => !established.has(metadata.name));
  return late === undefined ? undefined : `${late.metadata.name} is not established yet`;
}

function isDefinition({ kind }: KubeObject): boolean {
  return kind === CRD.kind;
}
