import Type, { type Static } from "typebox";
import { Check } from "typebox/schema";
import type { ManifestDocument } from "../../manifests/document.ts";
import { deployRank } from "../../manifests/kinds/deploy-order.ts";
import { kindNamed } from "../../manifests/kinds/registry.ts";
import { Container } from "../../manifests/kinds/knative-container.ts";
import { TemplateMetadata } from "../../manifests/kinds/knative-service.ts";
import { type Problem, problemAt } from "../../manifests/problem.ts";
import { liveFields } from "../../schema/live.ts";
import { KubeObject } from "../kube/kube-object.ts";
import { MANAGED_BY, MANAGER } from "../ownership.ts";
import { namespaceIn } from "../../manifests/namespace-of-files.ts";
import { inNamespace } from "./namespace.ts";
import type { FunctionImage } from "../images/image-tag.ts";

/** One object to apply, and what to wait for afterwards. */
export interface DeployStep {
  object: KubeObject;
  document: ManifestDocument;
  /** The Knative Service and revision that must be ready before the next step. */
  awaits: { service: string; namespace: string; revision: string | undefined } | undefined;
  /** Why the step is skipped: the state's revision exists already. */
  skip: string | undefined;
  /** A remark about the object that is not an error. */
  note: string | undefined;
}

export interface DeployPlan {
  steps: DeployStep[];
  problems: Problem[];
}

/** A Knative Service as far as `deploy` reads it; other fields are applied unchanged. */
const KnativeState = Type.Object({
  spec: Type.Object({
    template: Type.Object({
      metadata: Type.Optional(liveFields(TemplateMetadata, "name")),
      spec: Type.Object({ containers: Type.Array(liveFields(Container, "image")) }),
    }),
  }),
});
type KnativeState = Static<typeof KnativeState>;

/**
 * Plans the objects to apply, in order. A Knative Service that several files describe is applied state by state; a
 * state whose revision exists is skipped, unless it is the last, which has the traffic.
 * @param images the functions' images, which replace those in the files
 * @param namespace the namespace to deploy to; by default that of the files
 * @param revisions the image of each existing revision, by `namespace/name`: a revision never changes, so it keeps
 *   its image
 */
export function planDeploy(
  documents: readonly ManifestDocument[],
  images: readonly FunctionImage[],
  revisions: ReadonlyMap<string, string>,
  namespace?: string,
): DeployPlan {
  const from = namespaceIn(documents.map(({ value }) => value));
  const to = namespace ?? from;
  const problems: Problem[] = [];
  const steps = documents.flatMap((document): DeployStep[] => {
    const { value } = document;
    const at = document.at([]);
    if (!Check(KubeObject, value)) {
      const message = "this is not a Kubernetes object: apiVersion, kind and metadata.name are required";
      problems.push(problemAt("not-an-object", document, [], { message }));
      return [];
    }
    const object = inNamespace(managed(value), { from, to });
    if (!isKnativeService(object))
      return [{ object, document, awaits: undefined, skip: undefined, note: undefined }];
    if (!Check(KnativeState, object)) {
      const message = "a Knative Service needs a template with a container";
      problems.push({ code: "no-container", severity: "error", at, field: "spec.template", message });
      return [];
    }
    return [knativeStep(object, document, images, revisions)];
  });
  passOverEarlierStates(steps, revisions);
  // Sorting is stable: within a rank the order of the files stays.
  const rank = ({ object }: DeployStep): number => deployRank(object.apiVersion, object.kind);
  return { steps: steps.sort((a, b) => rank(a) - rank(b)), problems };
}

function knativeStep(
  object: KubeObject & KnativeState,
  document: ManifestDocument,
  images: readonly FunctionImage[],
  revisions: ReadonlyMap<string, string>,
): DeployStep {
  const { name, namespace = "default" } = object.metadata;
  const { template } = object.spec;
  const revision = template.metadata?.name;
  const live = revision === undefined ? undefined : revisions.get(`${namespace}/${revision}`);
  const [container] = template.spec.containers;
  const built = container && imageFor(container.image, images);
  const note =
    live !== undefined && built !== undefined && live !== built
      ? `${revision} keeps the image ${live}: a revision never changes. The function has changed since; to run ${built}, add a new revision in a new file`
      : undefined;
  const image = live ?? built;
  const containers = template.spec.containers.map((each, i) =>
    i === 0 && image ? { ...each, image } : each,
  );
  const spec = { ...object.spec, template: { ...template, spec: { ...template.spec, containers } } };
  return {
    object: { ...object, spec },
    document,
    awaits: { service: name, namespace, revision },
    skip: undefined,
    note,
  };
}

function passOverEarlierStates(steps: DeployStep[], revisions: ReadonlyMap<string, string>): void {
  const last = new Map<string, DeployStep>();
  for (const step of steps)
    if (step.awaits) last.set(`${step.awaits.namespace}/${step.awaits.service}`, step);
  for (const step of steps) {
    if (!step.awaits || last.get(`${step.awaits.namespace}/${step.awaits.service}`) === step) continue;
    const { namespace, revision } = step.awaits;
    if (revision !== undefined && revisions.has(`${namespace}/${revision}`)) step.skip = `${revision} exists`;
  }
}

/** The built image for an image in the manifests. */
function imageFor(image: string, images: readonly FunctionImage[]): string | undefined {
  const name = (image.split("/").at(-1) ?? "").replace(/[@:].*$/, "");
  return images.find((built) => built.name === name)?.image;
}

function managed(object: KubeObject): KubeObject {
  const labels = { ...object.metadata.labels, [MANAGED_BY]: MANAGER };
  return { ...object, metadata: { ...object.metadata, labels } };
}

export function isKnativeService({ apiVersion, kind }: KubeObject): boolean {
  return kindNamed(apiVersion, kind) === "knativeServices";
}
