import { policy, routes, SERVICE, to } from "../../scripts/lint/testing/findings.ts";

/** Input that causes a problem. */
export type Example =
  /** Documents that `lint` reads. */
  | { lint: string[] }
  /** Documents read for the local mesh, which may ignore what it does not support. */
  | { lenient: string }
  /** Documents that the local mesh compiles. */
  | { compiled: string }
  /** Files of a folder, read from the folder `.`. */
  | { folder: Record<string, string> }
  /** The same, with a missing program for kustomizations. */
  | { built: Record<string, string> }
  /** A Gateway and a Secret. */
  | { certificates: string }
  /** Knative Services that cannot run on this machine, with the text of dev.yaml. */
  | { run: string; dev?: string }
  /** Documents to deploy. */
  | { deploy: string }
  /** The sample, deployed a second time with a changed value in a revision. */
  | { deployTwice: [from: string, to: string] };

export const basic = to("basic");
export const HOST = "credit-check-basic.kyc.svc.cluster.local";
/** A rule with one destination and additional fields. */
export const rule = (more: string, destination = basic): string =>
  `{retries: {attempts: 0}, ${more}${more === "" ? "" : ", "}route: [${destination}]}`;
export const withRule = (http: string, spec?: string): Example => ({ lint: [SERVICE, routes(http, spec)] });
export const inRule = (more: string): Example => withRule(rule(more));
export const headers = (operations: string): Example => inRule(`headers: {request: {${operations}}}`);
export const edited = (from: string, by: string): Example => ({ lint: [SERVICE.replace(from, by)] });
export const container = (fields: string): Example => edited("[{image: a}]", `[{image: a, ${fields}}]`);
export const scaled = (annotations: string): Example =>
  edited("name: credit-check-basic}", `name: credit-check-basic, annotations: {${annotations}}}`);
export const networking = (kind: string, spec: string, name = "x"): string =>
  policy(kind, spec, "kyc", name).replace("security", "networking");
export const gateway = (spec: string): Example => ({ lint: [networking("Gateway", spec)] });
/** Two Gateways for the same proxies, each with a server. */
export const gateways = (
  one: string,
  other = "{number: 80, name: http, protocol: HTTP}, hosts: ['*']",
): Example => ({
  lint: [other, one].map((server, i) =>
    networking("Gateway", `{selector: {istio: ingressgateway}, servers: [{port: ${server}}]}`, `g${i}`),
  ),
});
export const subsets = (host: string, list: string): Example => ({
  lint: [SERVICE, networking("DestinationRule", `{host: ${host}, subsets: [${list}]}`)],
});
export const allow = (rules: string): Example => ({
  lint: [
    policy(
      "AuthorizationPolicy",
      `{selector: {matchLabels: {serving.knative.dev/service: credit-check}}, rules: [${rules}]}`,
    ),
  ],
});
export const ACTIVATOR = "cluster.local/ns/knative-serving/sa/activator";
export const twoRoutes = (gateways: string): string[] => {
  const one = routes(rule(""), `hosts: [a.example], gateways: [${gateways}]`);
  return [SERVICE, one, one.replace("name: own,", "name: second,")];
};
/** A Kubernetes Service with a Deployment, a DestinationRule, and a VirtualService with a destination. */
export const deployed = (labels: string, subset: string, destination: string): Example => ({
  compiled: [
    "{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {selector: {app: a}, ports: [{port: 80}]}}",
    `{apiVersion: apps/v1, kind: Deployment, metadata: {name: a-v1}, spec: {selector: {matchLabels: {${labels}}}, template: {metadata: {labels: {${labels}}}, spec: {containers: [{image: a}]}}}}`,
    `{apiVersion: networking.istio.io/v1, kind: DestinationRule, metadata: {name: a}, spec: {host: a, subsets: [{name: v1, labels: {${subset}}}]}}`,
    `{apiVersion: networking.istio.io/v1, kind: VirtualService, metadata: {name: a}, spec: {hosts: [a], http: [{route: [{destination: {host: a, ${destination}}}]}]}}`,
  ].join("\n---\n"),
});
/** A split between two subsets of a Kubernetes Service. */
export const splitOfPods = ({ ofV2 = "", labelsOfV2 = "version: v2" }): string =>
  [
    "{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {selector: {app: a}, ports: [{port: 80}]}}",
    ...["v1", "v2"].map(
      (version) =>
        `{apiVersion: apps/v1, kind: Deployment, metadata: {name: a-${version}}, spec: {${version === "v2" ? ofV2 : ""}template: {metadata: {labels: {app: a, version: ${version}}}, spec: {containers: [{image: a}]}}}}`,
    ),
    `{apiVersion: networking.istio.io/v1, kind: DestinationRule, metadata: {name: a}, spec: {host: a, subsets: [{name: v1, labels: {version: v1}}, {name: v2, labels: {${labelsOfV2}}}]}}`,
    "{apiVersion: networking.istio.io/v1, kind: VirtualService, metadata: {name: a}, spec: {hosts: [a], http: [{route: [{destination: {host: a, subset: v1}, weight: 90}, {destination: {host: a, subset: v2}, weight: 10}]}]}}",
  ].join("\n---\n");
export const NAMESPACE = "apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n";
export const OPEN = "servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ['*']}]";
