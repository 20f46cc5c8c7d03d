import type { CodeEntry } from "./entry.ts";

/** Problems found while Gateways, VirtualServices and DestinationRules are compiled. */
export const ISTIO_CODES = {
  "own-host": {
    severity: "error",
    means:
      "Knative writes a VirtualService for its own hosts; a second one is merged in no defined order, or not at all",
    fix: "route a host of your own",
  },
  "one-virtual-service": {
    severity: "error",
    means: "sidecars take the rules of one VirtualService for a host, and ignore those of another",
    fix: "write the rules in one VirtualService",
  },
  "shared-gateway-host": {
    severity: "warning",
    means: "a gateway merges several VirtualServices for one host in no defined order",
    fix: "write the rules in one VirtualService",
  },
  "no-wildcard-on-mesh": {
    severity: "error",
    means: "Istio refuses a VirtualService for the host * on the gateway mesh",
    fix: "remove mesh from the gateways, or name the hosts",
  },
  "known-gateway": {
    severity: "error",
    inLint: "warning",
    means: "a VirtualService for a Gateway that does not exist has no effect there",
    fix: "correct the name, or add the Gateway",
  },
  "gateway-host": {
    severity: "warning",
    means: "the Gateway does not serve the host, so the rules have no effect there",
    fix: "add the host to the servers of the Gateway",
  },
  "gateway-certificate": {
    severity: "error",
    means: "the certificate that a Gateway names cannot be used for TLS on this machine",
    fix: "correct the Secret or the files in dev.yaml, or leave both out for a certificate of this machine",
  },
  "match-gateway": {
    severity: "error",
    means: "a match names a gateway that the VirtualService does not list, so it never matches",
    fix: "add it to spec.gateways, or correct the name",
  },
  "bucket-gaps": {
    severity: "warning",
    means:
      "rules that split by the buckets of a header omit some buckets, which fall to the rule for requests without a bucket, or contain a bucket twice, so that the first rule decides: the effective shares differ from the apparent ones",
    fix: "let ./kyc split SERVICE --by header:NAME write the ranges",
  },
  "unreachable-rule": {
    severity: "error",
    inLint: "warning",
    means: "the first rule that matches decides; a rule behind one that takes the same requests never acts",
    fix: "move it up, or remove it",
  },
  "undecided-rule": {
    severity: "error",
    inLint: "warning",
    means: "with many overlapping expressions it takes too long to decide whether a request reaches a rule",
    fix: "check it by hand, or give the rules paths that do not overlap",
  },
  regex: {
    severity: "error",
    means: "Istio takes regular expressions of RE2 only, of at most 1024 characters",
    fix: "write it in the syntax of RE2",
  },
  "rule-without-action": {
    severity: "error",
    means: "Istio's webhook refuses a rule without a route, a redirect and a directResponse",
    fix: "add one of the three",
  },
  "host-set-twice": {
    severity: "error",
    means: "Istio's webhook refuses a rule that rewrites the authority and sets the header Host",
    fix: "keep one of the two",
  },
  "weights-zero": {
    severity: "error",
    means: "Istio's webhook refuses a route whose weights are all zero",
    fix: "give one destination a weight",
  },
  "rewrite-fields": {
    severity: "error",
    means: "Istio's webhook refuses a rewrite with both uri and uriRegexRewrite",
    fix: "remove one of them",
  },
  "rewrite-substitution": {
    severity: "error",
    means: "the substitution of a uriRegexRewrite refers to a group that its expression does not have",
    fix: "refer to a group that exists",
  },
  "mirror-fields": {
    severity: "error",
    means: "Istio's webhook refuses a rule with both mirror and mirrors, or with a percentage and no mirror",
    fix: "write each mirror under mirrors, with its percentage",
  },
  "known-host": {
    severity: "error",
    inLint: "warning",
    means: "requests to a destination that does not exist are answered 503",
    fix: "correct the name, or add the Service",
  },
  "revision-port": {
    severity: "error",
    means:
      "a revision's Service has port 80 (81 for h2c, 443 for TLS); the ports of its pods are the queue proxy's",
    fix: "write 80",
  },
  "known-subset": {
    severity: "error",
    means: "requests to a subset that no DestinationRule has are answered 503",
    fix: "correct the name, or add the subset",
  },
  "subset-host": {
    severity: "error",
    inLint: "warning",
    means:
      "a DestinationRule is for a host without revisions, so the local mesh finds no pods behind its subsets",
    fix: "name the Service of a revision, or try it on a cluster",
  },
  "gateway-subset": {
    severity: "warning",
    means: "on a cluster a Knative host leads to a gateway, whose pods have none of the labels",
    fix: "name the Service of a revision",
  },
  "subset-twice": {
    severity: "error",
    means: "two subsets of a host have the same name",
    fix: "choose another name",
  },
  "subset-labels": {
    severity: "error",
    means: "no revision has the labels of the subset, so requests to it are answered 503",
    fix: "correct the labels",
  },
  "subset-without-pods": {
    severity: "warning",
    means: "no Deployment has the labels of the subset, so requests to it are answered 503",
    fix: "add the Deployment, or correct the labels",
  },
  "service-without-pods": {
    severity: "warning",
    means: "no Deployment has the labels that the Service selects, so requests to it are answered 503",
    fix: "add the Deployment, or correct the labels",
  },
  "service-port": {
    severity: "error",
    means: "requests to a port that the Service does not have are answered 503",
    fix: "name a port of the Service",
  },
  "cors-origins": {
    severity: "warning",
    means: "a CORS policy without allowOrigins allows no origin, so browsers refuse every response",
    fix: "add allowOrigins, or remove the policy",
  },
  "cors-max-age": {
    severity: "error",
    means: "Istio refuses a maxAge that is not a whole number of seconds",
    fix: "write whole seconds, such as 24h or 90s",
  },
  "cors-without-route": {
    severity: "warning",
    means: "Envoy applies a CORS policy only to forwarded requests, not to redirects and direct responses",
    fix: "remove the policy, or set the headers under headers.response",
  },
  "fault-percentage": {
    severity: "warning",
    means: "a fault without a percentage happens to no request",
    fix: "add percentage: {value: 100}",
  },
  "fault-incomplete": {
    severity: "warning",
    means: "Istio ignores a delay without fixedDelay, and an abort without a status",
    fix: "add fixedDelay or httpStatus, or remove the fault",
  },
  "fault-too-rare": {
    severity: "error",
    means: "Envoy counts in millionths, so a percentage below 0.0001 would be 0, and Istio refuses it",
    fix: "write 0.0001 or more",
  },
  "retries-off": {
    severity: "error",
    means: "Istio's webhook refuses retries that have no attempts and say how to retry",
    fix: "add attempts, or remove the other fields",
  },
  "retry-condition": {
    severity: "error",
    means: "Istio's webhook refuses a retry condition that Envoy does not have",
    fix: "correct the name",
  },
  "retry-backoff": {
    severity: "error",
    means: "Istio's webhook refuses a back-off that is not a whole number of milliseconds",
    fix: "write 1ms or more",
  },
  "host-header": {
    severity: "error",
    means: "Istio refuses to add or remove the header Host, or to set it to anything but a host name",
    fix: "set Host to a host name on the request, or remove the operation",
  },
  "header-placeholder": {
    severity: "error",
    inLint: "warning",
    means: "Envoy replaces %NAME% in header values; the local mesh does not",
    fix: "write a fixed text without %, or try it on a cluster",
  },
  "connection-header": {
    severity: "error",
    means: "the header belongs to a connection, and each proxy decides it",
    fix: "remove the operation",
  },
  "answer-fields": {
    severity: "error",
    means: "Istio's webhook refuses a rule that both responds itself and forwards the request",
    fix: "remove one of them",
  },
  "unused-in-answer": {
    severity: "warning",
    means:
      "a rule that responds itself forwards nothing, so its timeout, retries, mirrors and request headers do nothing",
    fix: "remove the field",
  },
  "redirect-fields": {
    severity: "error",
    means: "Istio's webhook refuses a redirect with two ways to make its path or port",
    fix: "remove one of them",
  },
  "redirect-prefix": {
    severity: "error",
    means: "Istio's webhook refuses prefixRewrite in a rule that does not match by prefix",
    fix: "match on a prefix, or write redirect.uri",
  },
} satisfies Record<string, CodeEntry>;
