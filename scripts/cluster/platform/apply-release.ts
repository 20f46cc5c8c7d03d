import Type from "typebox";
import { Check } from "typebox/schema";
import { ApiError } from "../kube/api-error.ts";
import { Unreachable } from "../kube/connection.ts";
import { KubeObject, nameOf, refOf } from "../kube/kube-object.ts";
import { pause } from "../kube/pause.ts";
import { MANAGER } from "../ownership.ts";
import { noteMade } from "./ledger.ts";
import type { Site } from "./platform-context.ts";
import type { Tell } from "./step.ts";
import { until } from "./wait-until.ts";

const CRD = { apiVersion: "apiextensions.k8s.io/v1", kind: "CustomResourceDefinition" } as const;

/** The objects of a released file, each once. */
export function objectsIn(yaml: string): KubeObject[] {
  const documents: unknown = Bun.YAML.parse(yaml);
  const objects = new Map<string, KubeObject>();
  for (const document of Array.isArray(documents) ? documents : [documents]) {
    if (document === null) continue;
    if (!Check(KubeObject, document)) throw new Error("a released file holds what is no Kubernetes object");
    objects.set(`${document.apiVersion} ${nameOf(refOf(document))}`, document);
  }
  return [...objects.values()];
}

/**
 * Applies a release's objects in order, definitions of kinds first. Those that were not there before are written down
 * before any is applied.
 */
export async function applyRelease(
  site: Site,
  step: string,
  objects: readonly KubeObject[],
  tell: Tell,
): Promise<void> {
  tell("looking at what is there");
  const missing: KubeObject[] = [];
  const kube = site.kube();
  for (const object of objects) if ((await kube.get(refOf(object))) === undefined) missing.push(object);
  const definitions = objects.filter(isDefinition);
  const others = objects.filter((object) => !isDefinition(object));
  const inOrder = [...missing.filter(isDefinition), ...missing.filter((object) => !isDefinition(object))];
  await noteMade(kube, step, { objects: inOrder.map(refOf) });
  for (const object of definitions) await applyOne(site, object, tell);
  if (definitions.length > 0)
    await until("the new kinds", site, tell, () => notEstablished(site, definitions));
  for (const object of others) await applyOne(site, object, tell);
}

async function applyOne(site: Site, object: KubeObject, tell: Tell): Promise<void> {
  const name = nameOf(refOf(object));
  const since = performance.now();
  for (;;) {
    site.signal.throwIfAborted();
    tell("applying", name);
    try {
      await site.kube().apply(object, { fieldManager: MANAGER, force: true, signal: site.signal });
      return;
    } catch (error) {
      if (!isPassing(error) || performance.now() - since > site.timeoutMs) throw error;
      await pause(site.pollMs, site.signal);
    }
  }
}

/** Whether an apply may go well a moment later: a kind, or the webhook that checks it, is still coming up. */
function isPassing(error: unknown): boolean {
  if (error instanceof Unreachable) return true;
  if (!(error instanceof ApiError)) return false;
  return (
    error.reason === "NoSuchKind" ||
    (error.code >= 500 && error.message.includes("webhook")) ||
    error.code === 503
  );
}

const Established = Type.Object({
  status: Type.Object({
    conditions: Type.Array(Type.Object({ type: Type.String(), status: Type.String() })),
  }),
});

async function notEstablished(site: Site, definitions: readonly KubeObject[]): Promise<string | undefined> {
  const { items } = await site.kube().list(CRD);
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
