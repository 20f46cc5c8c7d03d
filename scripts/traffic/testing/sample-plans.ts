import { stringify } from "yaml";
import { parseDocuments } from "../../manifests/document.ts";
import { formatProblem } from "../../manifests/problem.ts";
import { collectResources } from "../../manifests/resources.ts";
import { compilePlan, type Plan } from "../compile/compile.ts";
import { HeaderList } from "../../route-fields/headers/header-list.ts";
import { type Resolution, resolve, type RoutedRequest } from "../resolve.ts";
import { type ForwardAction, hostsOn, type Listener, type Rule } from "../table.ts";

/** A manifest, as text or as data. */
export type Manifest = string | object;

/** Compiles manifests. Returns the plan and the problems. The manifests are files 1.yaml, 2.yaml and so on. */
export function compiled(...manifests: Manifest[]): { plan: Plan; problems: string[] } {
  const documents = manifests.flatMap((manifest, i) => {
    const text = typeof manifest === "string" ? manifest : stringify(manifest);
    const { documents, problems } = parseDocuments(`${i + 1}.yaml`, text);
    refuse(problems.map(formatProblem));
    return documents;
  });
  const { resources, problems } = collectResources(documents);
  refuse(problems.map(formatProblem));
  const compiled = compilePlan(resources, "example.com");
  return { plan: compiled.plan, problems: compiled.problems.map(formatProblem) };
}

/** Returns the plan of valid manifests. */
export function planOf(...manifests: Manifest[]): Plan {
  const { plan, problems } = compiled(...manifests);
  refuse(problems);
  return plan;
}

/** One state of a Knative Service in the namespace kyc. */
export function knativeService(
  name: string,
  {
    revision,
    traffic,
    ...metadata
  }: { revision?: string; traffic?: object[]; labels?: object; namespace?: string } = {},
): object {
  return {
    apiVersion: "serving.knative.dev/v1",
    kind: "Service",
    metadata: { name, namespace: "kyc", ...metadata },
    spec: {
      template: {
        ...(revision === undefined ? {} : { metadata: { name: revision } }),
        spec: { containers: [{ image: "dev.local/kyc/credit-check" }] },
      },
      ...(traffic === undefined ? {} : { traffic }),
    },
  };
}

/** The credit check with revisions credit-check-basic and credit-check-advanced, as two states. */
export function creditCheck(traffic: object[], metadata: { labels?: object } = {}): object[] {
  return [
    knativeService("credit-check", { revision: "credit-check-basic", ...metadata }),
    knativeService("credit-check", { revision: "credit-check-advanced", traffic, ...metadata }),
  ];
}

export const CLUSTER_LOCAL = { labels: { "networking.knative.dev/visibility": "cluster-local" } };

/** Half of the traffic to each of the two revisions, which have tags. */
export const HALVES = [
  { revisionName: "credit-check-basic", tag: "basic", percent: 50 },
  { revisionName: "credit-check-advanced", tag: "advanced", percent: 50 },
];

/** Returns a VirtualService in the namespace kyc; by default for our own host, in sidecars. */
export function virtualService(
  http: object[],
  spec: { hosts?: string[]; gateways?: string[]; exportTo?: string[] } = {},
  name = "vs",
): object {
  return {
    apiVersion: "networking.istio.io/v1",
    kind: "VirtualService",
    metadata: { name, namespace: "kyc" },
    spec: { hosts: ["own.kyc.svc.cluster.local"], ...spec, http },
  };
}

/** A Gateway in the namespace kyc. */
export function gateway(name: string, hosts: string[], port = 80): object {
  return {
    apiVersion: "networking.istio.io/v1",
    kind: "Gateway",
    metadata: { name, namespace: "kyc" },
    spec: {
      selector: { istio: "ingressgateway" },
      servers: [{ port: { number: port, name: "http", protocol: "HTTP" }, hosts }],
    },
  };
}

/** Another name for a host. */
export function externalName(name: string, target: string): object {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name, namespace: "kyc" },
    spec: { type: "ExternalName", externalName: target },
  };
}

/** A route to one revision of the credit check. */
export function to(revision: string, more: object = {}): { destination: object } {
  return { destination: { host: `credit-check-${revision}`, port: { number: 80 } }, ...more };
}

/** The rules of a host at a listener. */
export function rulesAt(plan: Plan, listener: Listener, host: string): readonly Rule[] {
  return hostsOn(plan.table, listener).exact.get(host) ?? [];
}

/** Returns the action of a rule, which must be to forward. */
export function forwardOf(rule: Rule | undefined): ForwardAction {
  if (rule?.action.kind !== "forward") throw new Error("no rule that forwards");
  return rule.action;
}

/** A request to a host; headers are lower-case names and values. */
export function request(
  authority: string,
  target = "/",
  { method = "GET", headers = [] as [string, string][] } = {},
): RoutedRequest {
  const fields = [["host", authority] as [string, string], ...headers];
  return { method, target, authority, headers: new HeaderList(fields.flat()) };
}

/** Returns the end of a request, with a given draw. */
export function sent(plan: Plan, listener: Listener, incoming: RoutedRequest, draw = 0): Resolution {
  return resolve(plan.table, listener, incoming, () => draw);
}

function refuse(problems: string[]): void {
  if (problems.length > 0) throw new Error(problems.join("\n"));
}
