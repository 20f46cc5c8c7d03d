import type { CodeEntry } from "./entry.ts";

/** Pitfalls: forms that Istio and Knative accept, with an effect that the author is unlikely to expect. */
export const PITFALL_CODES = {
  "knative-headers": {
    severity: "error",
    means:
      "Knative's activator, which is in front of a revision at zero or near its limit, finds the revision by two headers; without them it answers 404, but only at such times",
    fix: "set Knative-Serving-Namespace and Knative-Serving-Revision on the destination",
  },
  "explicit-retries": {
    severity: "warning",
    means:
      "without a retries block Istio retries up to twice after a failed connection, a refused stream, and the gRPC statuses unavailable and cancelled (its default has no 503 any more); Knative's own routes never retry",
    fix: "write retries: {attempts: 0} for Knative's behaviour, or the attempts that you want",
  },
  "weights-sum": {
    severity: "warning",
    means: "Istio accepts weights of any sum as relative ones, so that 90 and 20 are 82 % and 18 %",
    fix: "make them sum to 100",
  },
  "lone-weight": {
    severity: "warning",
    means: "a single destination gets all requests regardless of its weight, even if it is 0",
    fix: "remove the weight, or add the other destinations",
  },
  "source-labels": {
    severity: "error",
    means: "Istio ignores the sourceLabels of a match that names gateways",
    fix: "split the match in two, or remove one of the fields",
  },
  "cluster-local": {
    severity: "error",
    means:
      "the ingress gateway does not serve Knative's cluster-local hosts, and answers 404 under their names",
    fix: "send the requests to the local gateway",
  },
  "rewrite-per-route": {
    severity: "error",
    means:
      "a rewrite applies to a whole route, so weighted destinations behind one gateway all become the same host",
    fix: "remove the rewrite, and set the header Host on each destination",
  },
  "kept-in-traffic": {
    severity: "error",
    means:
      "a revision that no traffic block names is in reserve: Knative ignores its min-scale and may delete it, even if a VirtualService routes requests to it",
    fix: "add the revision to spec.traffic with percent: 0",
  },
  "full-names": {
    severity: "warning",
    means: "a short name means a Service in the namespace of the object that contains it",
    fix: "write the full name",
  },
  "host-resolves": {
    severity: "warning",
    means:
      "a VirtualService makes no DNS name: callers find a host of your own only when a Service or ServiceEntry has its name",
    fix: "add a Service of type ExternalName",
  },
  "destination-port": {
    severity: "error",
    means:
      "requests to a port that the Service of a destination does not have are answered 503; if it has several, the destination must name one",
    fix: "name a port of the Service",
  },
  "gateway-conflict": {
    severity: "warning",
    means:
      "Gateways for the same proxies share their ports: a port speaks plain HTTP, TLS or TCP, and with TLS a host belongs to one server; Istio ignores later conflicting servers",
    fix: "give the servers different ports, or the Gateways different selectors",
  },
  "shared-certificate": {
    severity: "warning",
    means:
      "browsers reuse an HTTP/2 connection for every host of its certificate; if several Gateways present one certificate, they get 404 for the hosts of the other",
    fix: "put the hosts of one certificate into one Gateway",
  },
  "mesh-forgotten": {
    severity: "warning",
    means:
      "a VirtualService that lists gateways applies to those only; sidecars ignore it unless mesh is listed",
    fix: "add mesh to the gateways",
  },
  "gateway-name": {
    severity: "warning",
    means:
      "a Gateway is named NAMESPACE/NAME; the form NAME.NAMESPACE.svc.cluster.local is an old one that Istio warns of",
    fix: "write NAMESPACE/NAME",
  },
  delegate: {
    severity: "error",
    means:
      "a VirtualService that others delegate to must not have hosts, gateways, further delegates or regular expressions",
    fix: "remove the fields that a delegate must not have",
  },
  "one-destination-rule": {
    severity: "warning",
    means:
      "of several DestinationRules for one host Istio applies the trafficPolicy of one, in no defined order",
    fix: "write them in one DestinationRule",
  },
  "pods-at-zero": {
    severity: "warning",
    means: "a destination has a weight and its Deployment no pods, so its share of requests is answered 503",
    fix: "raise the replicas before the weight",
  },
  "shared-pods": {
    severity: "warning",
    means:
      "two destinations of a split select pods of one Deployment, so that the weights are not the shares of the versions",
    fix: "select the pods of each version by a label of their own",
  },
  "pod-readiness": {
    severity: "warning",
    means:
      "without a readinessProbe Kubernetes counts a pod as ready when its containers run, and it gets requests that it cannot answer yet",
    fix: "add a readinessProbe",
  },
  "make-before-break": {
    severity: "warning",
    means: "rules that name a subset before its DestinationRule has arrived answer 503",
    fix: "apply the DestinationRule first",
  },
  "revision-subset": {
    severity: "warning",
    means:
      "each Knative revision has its own Service, which the activator uses; subsets bypass it and find no pods at zero",
    fix: "use the revisions' Services as destinations",
  },
  "activator-in-mesh": {
    severity: "error",
    means:
      "under STRICT mutual TLS a revision refuses the activator, unless knative-serving has sidecars too",
    fix: "add the label istio-injection: enabled to knative-serving, and restart its pods",
  },
  "webhook-permissive": {
    severity: "error",
    means:
      "the API server has no sidecar: under STRICT mutual TLS it reaches Knative's webhooks only if port 8443 is PERMISSIVE, and without that no Knative object can be applied",
    fix: "add a PeerAuthentication for the webhook's pods with portLevelMtls 8443 PERMISSIVE",
  },
  "port-level-mtls": {
    severity: "error",
    means: "portLevelMtls applies only in a PeerAuthentication that selects pods",
    fix: "add selector.matchLabels",
  },
  "allow-activator": {
    severity: "error",
    means:
      "a policy that allows some callers denies all others, among them the activator, which calls on behalf of every caller",
    fix: "allow the principal of the activator too",
  },
  "allow-probes": {
    severity: "warning",
    means:
      "Knative's autoscaler requests /metrics and its probes /healthz; a policy that allows some paths has to allow these",
    fix: "allow both paths, or name no paths for knative-serving",
  },
  "caller-hidden": {
    severity: "warning",
    means:
      "through the activator every caller has the activator's identity, so a policy at the revision does not see the caller",
    fix: "deny the same callers at the activator, or let the service check the caller",
  },
} satisfies Record<string, CodeEntry>;
