import type { ManifestDocument } from "../../manifests/document.ts";
import { type Problem, problemAt } from "../../manifests/problem.ts";
import { RolloutFile } from "../../manifests/rollout-file.ts";
import type { Sourced } from "../../manifests/resources.ts";
import type { KnativeService } from "../../manifests/kinds/knative-service.ts";
import { validate } from "../../manifests/validate.ts";
import { suggestion } from "../../nearest.ts";

/** Checks the files of rollouts: their form, and that the files describe the service and the versions that they name. */
export function rolloutFileProblems(
  files: readonly ManifestDocument[],
  services: readonly Sourced<KnativeService>[],
): Problem[] {
  return files.flatMap((document) => {
    const { value, problems } = validate(RolloutFile, document);
    return value === undefined ? problems : [...problems, ...unknownNames(document, value, services)];
  });
}

function* unknownNames(
  document: ManifestDocument,
  { service, to, from, steps }: RolloutFile,
  services: readonly Sourced<KnativeService>[],
): Generator<Problem> {
  const states = services.filter(({ value }) => value.metadata.name === service).map(({ value }) => value);
  const names = services.map(({ value }) => value.metadata.name);
  if (states.length === 0) {
    const message = `these files describe no Knative Service ${service}`;
    yield problemAt("rollout-target", document, ["service"], {
      message,
      ...suggestion(service, new Set(names)),
    });
    return;
  }
  const known = new Set(
    states.flatMap(({ spec }) => [
      ...(spec.template.metadata?.name === undefined ? [] : [spec.template.metadata.name]),
      ...(spec.traffic ?? []).flatMap(({ tag, revisionName }) => [tag, revisionName]),
    ]),
  );
  for (const [field, name] of Object.entries({ to, from })) {
    if (name === undefined || known.has(name)) continue;
    const message = `${service} has no tag or revision ${name} in these files`;
    const all = [...known].filter((each) => each !== undefined);
    yield problemAt("rollout-target", document, [field], { message, ...suggestion(name, all) });
  }
  const last = steps?.at(-1);
  if (steps !== undefined && (last !== 100 || steps.some((step, i) => step <= (steps[i - 1] ?? 0)))) {
    const message = `the steps ${steps.join(", ")} do not rise to 100`;
    yield problemAt("rollout-steps", document, ["steps"], {
      message,
      fix: "write increasing shares, the last of them 100",
    });
  }
}
