import Type, { type Static } from "typebox";
import { stringify } from "yaml";
import { parseDocuments } from "../../manifests/document.ts";
import { formatProblem } from "../../manifests/problem.ts";
import { collectResources } from "../../manifests/resources.ts";
import { namedEntries } from "../../traffic/equal/entries.ts";
import { prepare } from "../../traffic/equal/prepare.ts";
import { compareViews } from "../../traffic/equal/views.ts";
import { CLUSTER_DOMAIN } from "../../traffic/hosts.ts";
import { asTraffic } from "../../traffic/kn/target.ts";
import { NotRendered, readTrafficBlock } from "../../traffic/render/traffic-block.ts";
import { renderVirtualService } from "../../traffic/render/virtual-service.ts";
import { type Target, toSplit } from "../plan/targets.ts";

/** A split in the languages of both engines, and whether both route every request the same way. */
export const Equality = Type.Object({
  /** The split before or after the rollout. */
  split: Type.Enum(["before", "after"]),
  /** The hosts that were compared, by Knative and by Istio. */
  hosts: Type.Array(Type.Tuple([Type.String(), Type.String()])),
  /** The Knative Service and the VirtualService, as YAML. */
  knative: Type.String(),
  istio: Type.String(),
  verdict: Type.Enum(["equal", "different", "unknown"]),
  /** The number of kinds of requests that were distinguished. */
  cells: Type.Integer(),
});
export type Equality = Static<typeof Equality>;

/**
 * Writes a split as Knative's traffic block and as Istio's VirtualService, and compares them.
 * @returns the comparison, or why the split cannot be written in both languages
 */
export function equalityOf(
  split: Equality["split"],
  service: string,
  namespace: string,
  targets: readonly Target[],
): Equality | { because: string } {
  const revisions = [...new Set(targets.map(({ revision }) => revision))];
  const container = { name: "user-container", image: "image.invalid/not-recorded" };
  const states = revisions.map((name, i) => ({
    apiVersion: "serving.knative.dev/v1",
    kind: "Service",
    metadata: { name: service, namespace },
    spec: {
      template: { metadata: { name }, spec: { containers: [container] } },
      traffic:
        i === revisions.length - 1
          ? asTraffic(toSplit(targets)).map(({ latestRevision, revisionName, ...rest }, j) => ({
              revisionName: revisionName ?? targets[j]?.revision,
              ...rest,
            }))
          : [{ revisionName: name, percent: 100 }],
    },
  }));
  const knative = states.map((state) => stringify(state, { lineWidth: 0, version: "1.1" })).join("---\n");
  try {
    const { knativeServices } = collectResources(parseDocuments("knative.yaml", knative).documents).resources;
    const rendered = renderVirtualService(readTrafficBlock(knativeServices), { form: "revisions" });
    const istio = stringify(rendered, { lineWidth: 0, version: "1.1" });
    const own = `${service}-split.${namespace}.${CLUSTER_DOMAIN}`;
    const hosts = rendered.spec.hosts.map((host): [string, string] => [
      `${host.slice(0, -own.length)}${service}.${namespace}.${CLUSTER_DOMAIN}`,
      host,
    ]);
    const { verdict, cells } = compared({ knative, istio, hosts });
    return { split, hosts, knative, istio, verdict, cells };
  } catch (error) {
    if (error instanceof NotRendered) return { because: error.message };
    throw error;
  }
}

/** Compares both descriptions again. @throws NotRendered if one of them is not valid */
export function compared({ knative, istio, hosts }: Pick<Equality, "knative" | "istio" | "hosts">): {
  verdict: Equality["verdict"];
  cells: number;
} {
  const [a, b] = [parseDocuments("knative.yaml", knative), parseDocuments("istio.yaml", istio)];
  const prepared = prepare(
    [
      { name: "knative.yaml", documents: a.documents },
      { name: "istio.yaml", documents: b.documents },
    ],
    [],
    "example.com",
  );
  const errors = [...a.problems, ...b.problems, ...prepared.errors];
  if (errors.length > 0) throw new NotRendered(errors.map(formatProblem).join("\n"));
  const { views, notes, doubts } = prepared;
  const entries = hosts.flatMap((pair) => namedEntries(prepared.a, prepared.b, pair).entries);
  return compareViews(views, { entries, notes: [] }, { revisionHeader: undefined, notes, doubts });
}
