import type { FieldPath, ManifestDocument } from "../../manifests/document.ts";
import type { VirtualService } from "../../manifests/kinds/istio-virtual-service.ts";
import type { Sourced } from "../../manifests/resources.ts";
import type { HTTPRoute } from "../../route-fields/families.ts";
import { gatewayName } from "../../route-fields/match/compile.ts";
import type { HTTPMatchRequest, ValueMatch } from "../../route-fields/match/schema.ts";
import { fullHost } from "../hosts.ts";
import { isSeenFrom } from "./visibility.ts";

/** A missing delegate that a rule names. */
export interface MissingDelegate {
  document: ManifestDocument;
  path: FieldPath;
  /** `namespace/name` */
  name: string;
}

/** A rule and its position. */
interface PlacedRoute {
  route: HTTPRoute;
  document: ManifestDocument;
  path: FieldPath;
}

/** The fields that a merged rule inherits from its root if the delegate's rule does not set them. */
const INHERITED = [
  "rewrite",
  "directResponse",
  "timeout",
  "retries",
  "fault",
  "mirror",
  "mirrorPercentage",
  "corsPolicy",
  "mirrors",
  "headers",
] as const satisfies readonly (keyof HTTPRoute)[];

/**
 * Replaces each rule that names a delegate by the delegate's rules, and removes the delegates. A delegate's rule that
 * conflicts with the root's condition is dropped; so is a rule whose delegate is missing. (istio 1.31,
 * pilot/pkg/model/virtualservice.go, MergeHTTPRoutes; virtualservice_controller.go, mergeVirtualServices)
 */
export function mergeDelegates(sources: readonly Sourced<VirtualService>[]): {
  virtualServices: Sourced<VirtualService>[];
  missing: MissingDelegate[];
} {
  const missing: MissingDelegate[] = [];
  const isDelegate = ({ value }: Sourced<VirtualService>): boolean => value.spec.hosts.length === 0;
  const delegates = new Map(sources.filter(isDelegate).map((source) => [keyOf(source.value), source]));
  const roots = sources.filter((source) => !isDelegate(source));
  return { virtualServices: roots.map(merged), missing };

  function merged(root: Sourced<VirtualService>): Sourced<VirtualService> {
    const { value, document } = root;
    if (!value.spec.http.some(({ delegate }) => delegate !== undefined)) return root;
    const routes = value.spec.http.flatMap((route, i): PlacedRoute[] => {
      const path = ["spec", "http", i];
      if (route.delegate === undefined) return [{ route, document, path }];
      const { name = "", namespace = namespaceOf(value) } = route.delegate;
      const delegate = delegates.get(`${namespace}/${name}`);
      if (delegate === undefined || !isSeenFrom(namespaceOf(value), delegate.value)) {
        if (delegate === undefined)
          missing.push({ document, path: [...path, "delegate"], name: `${namespace}/${name}` });
        return [];
      }
      return resolved(delegate.value).flatMap((sub, j): PlacedRoute[] => {
        const both = mergedRoute(route, sub, namespaceOf(value));
        return both === undefined
          ? []
          : [{ route: both, document: delegate.document, path: ["spec", "http", j] }];
      });
    });
    const http = routes.map(({ route }) => route);
    return {
      ...root,
      value: { ...value, spec: { ...value.spec, http } },
      document: assembled(document, routes),
    };
  }
}

/** Returns a document whose rules come from several documents: a position in a rule is looked up in its source. */
function assembled(document: ManifestDocument, routes: readonly PlacedRoute[]): ManifestDocument {
  const placed = (path: FieldPath): [ManifestDocument, FieldPath] => {
    const [spec, http, i, ...rest] = path;
    const route = spec === "spec" && http === "http" && typeof i === "number" ? routes[i] : undefined;
    return route === undefined ? [document, path] : [route.document, [...route.path, ...rest]];
  };
  return {
    file: document.file,
    value: document.value,
    at(path) {
      const [of, there] = placed(path);
      return of.at(there);
    },
    atKey(path) {
      const [of, there] = placed(path);
      return of.atKey(there);
    },
  };
}

/** Returns a delegate's rules with full names, resolved in its own namespace. */
function resolved(delegate: VirtualService): HTTPRoute[] {
  const namespace = namespaceOf(delegate);
  const full = <T extends { host: string }>(to: T): T => ({ ...to, host: fullHost(to.host, namespace) });
  return delegate.spec.http.map((route) => ({
    ...route,
    ...(route.match === undefined
      ? {}
      : { match: route.match.map((match) => withFullGateways(match, namespace)) }),
    ...(route.route === undefined
      ? {}
      : { route: route.route.map((to) => ({ ...to, destination: full(to.destination) })) }),
    ...(route.mirror === undefined ? {} : { mirror: full(route.mirror) }),
    ...(route.mirrors === undefined
      ? {}
      : { mirrors: route.mirrors.map((to) => ({ ...to, destination: full(to.destination) })) }),
  }));
}

function withFullGateways(match: HTTPMatchRequest, namespace: string): HTTPMatchRequest {
  if (match.gateways === undefined) return match;
  return { ...match, gateways: match.gateways.map((name) => gatewayName(name, namespace)) };
}

/** Merges a delegate's rule into a root's; undefined if their conditions conflict. */
function mergedRoute(root: HTTPRoute, delegate: HTTPRoute, namespace: string): HTTPRoute | undefined {
  const ofRoot = root.match?.map((match) => withFullGateways(match, namespace));
  const match = mergedMatches(ofRoot, delegate.match);
  if (match === "conflict") return undefined;
  const lent =
    delegate.redirect === undefined && delegate.directResponse === undefined ? root : ofAnswers(root);
  const inherited = INHERITED.filter((field) => delegate[field] === undefined && lent[field] !== undefined);
  return {
    ...delegate,
    ...Object.fromEntries(inherited.map((field) => [field, lent[field]])),
    ...(match === undefined ? {} : { match }),
  };
}

/** Returns the part of a root's rule that has an effect if its delegate responds itself and forwards nothing. */
function ofAnswers({ fault, corsPolicy, headers }: HTTPRoute): HTTPRoute {
  return {
    ...(fault === undefined ? {} : { fault }),
    ...(corsPolicy === undefined ? {} : { corsPolicy }),
    ...(headers?.response === undefined ? {} : { headers: { response: headers.response } }),
  };
}

function mergedMatches(
  root: readonly HTTPMatchRequest[] | undefined,
  delegate: readonly HTTPMatchRequest[] | undefined,
): HTTPMatchRequest[] | undefined | "conflict" {
  if (root === undefined || root.length === 0) return delegate === undefined ? undefined : [...delegate];
  if (delegate === undefined || delegate.length === 0) return [...root];
  const each = delegate.map((sub) =>
    root.filter((one) => !areInConflict(one, sub)).map((one) => mergedMatch(one, sub)),
  );
  return each.some((found) => found.length === 0) ? "conflict" : each.flat();
}

function mergedMatch(root: HTTPMatchRequest, delegate: HTTPMatchRequest): HTTPMatchRequest {
  const both = { ...root, ...delegate };
  return {
    ...both,
    ...mergedMap("headers"),
    ...mergedMap("withoutHeaders"),
    ...mergedMap("queryParams"),
    ...(root.sourceLabels === undefined && delegate.sourceLabels === undefined
      ? {}
      : { sourceLabels: { ...root.sourceLabels, ...delegate.sourceLabels } }),
  };

  function mergedMap<K extends "headers" | "withoutHeaders" | "queryParams">(
    field: K,
  ): Partial<Pick<HTTPMatchRequest, K>> {
    if (root[field] === undefined && delegate[field] === undefined) return {};
    const merged: Partial<Pick<HTTPMatchRequest, K>> = {};
    merged[field] = { ...root[field], ...delegate[field] };
    return merged;
  }
}

/** Whether a delegate's condition is not implied by its root's, or may not be. (istio, hasConflict) */
function areInConflict(root: HTTPMatchRequest, delegate: HTTPMatchRequest): boolean {
  for (const field of ["uri", "scheme", "method", "authority"] as const)
    if (stringsConflict(root[field], delegate[field])) return true;
  for (const field of ["headers", "withoutHeaders", "queryParams"] as const) {
    for (const [name, wanted] of Object.entries(delegate[field] ?? {}))
      if (stringsConflict(root[field]?.[name], wanted)) return true;
  }
  if ((root.ignoreUriCase ?? false) !== (delegate.ignoreUriCase ?? false)) return true;
  const [ofRoot = 0, ofDelegate = 0] = [root.port, delegate.port];
  if (ofRoot !== 0 && ofDelegate !== 0 && ofRoot !== ofDelegate) return true;
  const { sourceNamespace = "" } = root;
  if (sourceNamespace !== "" && sourceNamespace !== delegate.sourceNamespace) return true;
  for (const [name, value] of Object.entries(delegate.sourceLabels ?? {})) {
    const ofRoot = root.sourceLabels?.[name];
    if (ofRoot !== undefined && ofRoot !== value) return true;
  }
  const gateways = root.gateways ?? [];
  return gateways.length > 0 && delegate.gateways?.some((name) => !gateways.includes(name)) === true;
}

function stringsConflict(root: ValueMatch | undefined, delegate: ValueMatch | undefined): boolean {
  if (root === undefined || delegate === undefined) return false;
  // Istio treats an empty text as absent.
  const [a, b] = [root, delegate].map(({ exact = "", prefix = "", regex = "" }) => ({
    exact,
    prefix,
    regex,
  })) as [Required<ValueMatch>, Required<ValueMatch>];
  const says = (match: Required<ValueMatch>): boolean => Object.values(match).some((text) => text !== "");
  if ((a.regex !== "" && says(b)) || (b.regex !== "" && says(a))) return true;
  if (a.exact !== "") return b.prefix !== "" || b.exact !== a.exact;
  if (a.prefix !== "") {
    if (b.prefix !== "") return !b.prefix.startsWith(a.prefix);
    if (b.exact !== "") return !b.exact.startsWith(a.prefix);
  }
  return true;
}

function keyOf(value: VirtualService): string {
  return `${namespaceOf(value)}/${value.metadata.name}`;
}

function namespaceOf({ metadata }: VirtualService): string {
  return metadata.namespace ?? "default";
}
