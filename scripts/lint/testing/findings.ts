import type { Code } from "../../manifests/codes/codes.ts";
import { parseDocuments } from "../../manifests/document.ts";
import { formatProblem } from "../../manifests/problem.ts";
import type { Finding } from "../finding.ts";
import { lint } from "../lint.ts";

/** The findings in files, given by their texts; they are named 1.yaml, 2.yaml and so on. */
export function findingsIn(...texts: string[]): Finding[] {
  const documents = texts.flatMap((text, i) => {
    const { documents, problems } = parseDocuments(`${i + 1}.yaml`, text);
    if (problems.length > 0) throw new Error(`${problems.map(formatProblem).join("\n")}\n${text}`);
    return documents;
  });
  return lint(documents, []);
}

/** The findings of one code, each as `LINE field`. */
export function placesOf(code: Code, ...texts: string[]): string[] {
  return findingsIn(...texts)
    .filter((finding) => finding.code === code)
    .map(({ at, field }) => `${at.line} ${field}`);
}

/** The credit check with two revisions, both in the traffic block. */
export const SERVICE = `apiVersion: serving.knative.dev/v1
kind: Service
metadata: {name: credit-check, namespace: kyc}
spec:
  template:
    metadata: {name: credit-check-basic}
    spec: {containers: [{image: a}]}
---
apiVersion: serving.knative.dev/v1
kind: Service
metadata: {name: credit-check, namespace: kyc}
spec:
  template:
    metadata: {name: credit-check-advanced}
    spec: {containers: [{image: a}]}
  traffic:
    - {revisionName: credit-check-basic, tag: basic, percent: 50}
    - {revisionName: credit-check-advanced, percent: 50}
---
apiVersion: v1
kind: Service
metadata: {name: own, namespace: kyc}
spec: {type: ExternalName, externalName: knative-local-gateway.istio-system.svc.cluster.local}
`;

/** A VirtualService for a host that resolves; its http rules begin on line 5. */
export function routes(http: string, spec = "hosts: [own.kyc.svc.cluster.local]"): string {
  return `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: own, namespace: kyc}
spec: {${spec}, http: [
${http.replace(/^/gm, "  ")}
  ]}
`;
}

/** A destination with Knative's headers. */
export function to(revision: string, more = ""): string {
  return `{destination: {host: credit-check-${revision}.kyc.svc.cluster.local, port: {number: 80}}, headers: {request: {set: {Knative-Serving-Namespace: kyc, Knative-Serving-Revision: credit-check-${revision}}}}${more}}`;
}

/** A policy of Istio's, as the YAML of its spec in braces. */
export function policy(kind: string, spec: string, namespace = "kyc", name = "x"): string {
  return `apiVersion: security.istio.io/v1
kind: ${kind}
metadata: {name: ${name}, namespace: ${namespace}}
spec: ${spec}
`;
}
