import type { Code } from "../../manifests/codes/codes.ts";
import type { FieldPath } from "../../manifests/document.ts";
import { type KnativeService, VISIBILITY_LABEL } from "../../manifests/kinds/knative-service.ts";
import { type Problem, problemAt } from "../../manifests/problem.ts";
import type { Sourced } from "../../manifests/resources.ts";
import type { Revision } from "./service-plan.ts";
import { checkScaling } from "./knative-scaling.ts";

// Knative sets these itself, and its webhook rejects them. (serving, pkg/apis/serving/k8s_validation.go)
const RESERVED_VARIABLES = new Set(["PORT", "K_SERVICE", "K_CONFIGURATION", "K_REVISION"]);

// The queue proxy beside each container listens on these. (serving, pkg/apis/serving/k8s_validation.go)
const RESERVED_PORTS = new Set([8008, 8012, 8013, 8022, 8112, 9090, 9091]);

const NAME = ["spec", "template", "metadata", "name"];
const CONTAINER = ["spec", "template", "spec", "containers", 0];

/** Reads the revision that a state describes. */
export function readRevision({ value, document }: Sourced<KnativeService>, generation: number): Revision {
  const { metadata, spec } = value;
  return {
    name: spec.template.metadata?.name ?? `${metadata.name}-${String(generation).padStart(5, "0")}`,
    namespace: namespaceOf(value),
    service: metadata.name,
    template: spec.template,
    at: document.at(NAME),
  };
}

/** Reports the parts of a state that Knative would reject, and parts of an earlier state that have no effect. */
export function checkState(
  { value, document }: Sourced<KnativeService>,
  isLast: boolean,
  problems: Problem[],
): void {
  const { metadata, spec } = value;
  const label = metadata.labels?.[VISIBILITY_LABEL];
  if (label !== undefined && label !== "cluster-local") {
    report(
      "visibility",
      ["metadata", "labels", VISIBILITY_LABEL],
      `${label} is not a visibility of Knative`,
      "write cluster-local, or leave the label out for a public service",
    );
  }
  const name = spec.template.metadata?.name;
  if (name !== undefined && !name.startsWith(`${metadata.name}-`)) {
    report(
      "revision-name",
      NAME,
      `a revision's name begins with its service's, and ${name} does not begin with ${metadata.name}-`,
      `call it ${metadata.name}-${name}`,
    );
  }
  checkScaling(value, report);
  checkContainer();
  if (!isLast && spec.traffic !== undefined) {
    problems.push({
      code: "earlier-traffic",
      severity: "warning",
      at: document.atKey(["spec", "traffic"]),
      field: "spec.traffic",
      message:
        "a later file describes a later state of this service, and its traffic block is the one in force",
      fix: "leave traffic to the last file",
    });
  }

  function checkContainer(): void {
    const [container] = spec.template.spec.containers;
    for (const [i, { name, value = "" }] of (container?.env ?? []).entries()) {
      const path = [...CONTAINER, "env", i];
      if (RESERVED_VARIABLES.has(name))
        report(
          "reserved-variable",
          [...path, "name"],
          `${name} is set by Knative itself`,
          "choose another name, or leave it out",
        );
      if (/(^|[^$])(\$\$)*\$\(/.test(value)) {
        const message = "the local mesh does not fill in $(NAME) from other variables";
        report("variable-reference", [...path, "value"], message, "write the whole value");
      }
    }
    for (const [i, { containerPort }] of (container?.ports ?? []).entries()) {
      if (!RESERVED_PORTS.has(containerPort)) continue;
      const path = [...CONTAINER, "ports", i, "containerPort"];
      report(
        "reserved-port",
        path,
        `port ${containerPort} belongs to Knative's queue proxy`,
        "choose another, for example 8080",
      );
    }
  }

  function report(code: Code, path: FieldPath, message: string, fix: string): void {
    problems.push(problemAt(code, document, path, { message, fix }));
  }
}

export function namespaceOf(service: KnativeService): string {
  return service.metadata.namespace ?? "default";
}
