import { CLUSTER_DOMAIN, hostOf } from "../../hosts.ts";
import {
  type Backend,
  type Destination,
  type ForwardAction,
  type Listener,
  type Mirror,
  type RequestMatch,
  type RouteTable,
  type Rule,
} from "../../table.ts";
import { shadowHost } from "../../../route-fields/mirror/mirror.ts";
import { ofPercent, ONE, rest, sharesOf } from "./rational.ts";
import { conditionOf, meets } from "../request-space/condition.ts";
import { partAsked } from "../request-space/conditions-on-request.ts";
import { type HostKind, rulesAt } from "../request-space/hosts.ts";
import type { Destinations } from "../destinations.ts";
import type { Cell, RequestSpace } from "../request-space/request-space.ts";
import { header, type Part, sent, textOf, type Value } from "../request-space/value.ts";
import { Undecidable } from "../automata/automaton.ts";
import {
  type Answering,
  answered,
  answeredWith,
  directTerminal,
  elsewhere,
  nowhere,
  redirectTerminal,
  revisionTerminal,
} from "./terminals.ts";
import { checkKnown } from "./compared-fields.ts";
import { REQUEST_FILTERS } from "../../../route-fields/families.ts";
import type { OutcomeBuilder } from "../../../route-fields/field-family.ts";
import { appliedIn } from "./applied-match.ts";
import { applyTo, partOf, type SymbolicRequest, rewrittenBy } from "./symbolic-request.ts";
import type { Position } from "../../../manifests/problem.ts";
import { after, ledBy, type Step, type Tree, tried, type UnmodelledStep } from "./tree.ts";

const HOST = header("host");
const REVISION = header("knative-serving-revision");
const NO_ROUTE = "404 (no route)";

// As in resolve.ts: a route with more hops is a cycle.
const MAX_HOPS = 8;

// More steps mean a cycle of weighted choices.
const MOST_STEPS = 5_000;

/** One side of a comparison. */
export interface Side {
  table: RouteTable;
  /** The hosts that either side has rules or a backend for. */
  knownHosts: ReadonlySet<string>;
  /** The revisions that a Knative Service of either side names, as `namespace/name`. */
  revisions: ReadonlySet<string>;
  /** The header by which each revision tells its own name in its answers, if one does. */
  revisionHeader: string | undefined;
  destinations: Destinations;
}

/**
 * Follows the requests of a cell through a table, as resolve.ts follows one.
 * @param host the requests' authority until a rule changes it
 * @throws Undecided when a condition holds for some of them only; Undecidable when it cannot be decided
 */
export function follow(
  side: Side,
  { space, cell }: { space: RequestSpace; cell: Cell },
  { listener, host, authority }: { listener: Listener; host: HostKind; authority: Value },
): Tree {
  let steps = 0;
  return from(listener, { uri: sent("uri"), authority, headers: new Map(), isBlurred: false }, MAX_HOPS);

  function from(at: Listener, passing: SymbolicRequest, left: number): Tree {
    if (++steps > MOST_STEPS) throw new Undecidable(`one request can take more than ${MOST_STEPS} ways`);
    if (left === 0) return nowhere("500 (the routes go in a circle)");
    const name = hostIn(passing);
    const rules = rulesAt(side.table, at, typeof name === "string" ? { kind: "host", host: name } : name);
    if (rules === undefined) {
      const backend = at === "mesh" && typeof name === "string" ? side.table.backends.get(name) : undefined;
      if (backend !== undefined) return reach(backend, passing, left - 1);
      // At least one side describes the requested host, so without a rule there is no route.
      if (typeof name !== "string" || name === hostName() || side.knownHosts.has(name))
        return nowhere(NO_ROUTE);
      return elsewhere(`${name} at the ${at}`, passing, "way");
    }
    for (const rule of rules) {
      const match = matchOf(rule, passing);
      if (match !== undefined) return ledBy(rule.at, act(rule, match, passing, left));
    }
    return nowhere(NO_ROUTE);
  }

  /** The name of the host, or the kind of it while the request has the authority that it was sent with. */
  function hostIn({ authority: value }: SymbolicRequest): string | HostKind {
    if (value.kind === "text") return hostOf(value.text);
    return host.kind === "host" ? host.host : host;
  }

  function hostName(): string | undefined {
    return host.kind === "host" ? host.host : undefined;
  }

  function matchOf(rule: Rule, passing: SymbolicRequest): RequestMatch | true | undefined {
    checkKnown(rule);
    return appliedIn(rule, (part, condition) => ask(part, condition, passing));
  }

  function ask(part: Part, condition: Parameters<typeof meets>[0], passing: SymbolicRequest): boolean {
    if (part === HOST) throw new Undecidable(`a match on ${part} is not decided here`);
    if (passing.isBlurred && (part === "uri" || part.startsWith("query ")))
      throw new Undecidable("a rule asks about a path or query after a rewrite that may have changed both");
    const value = partOf(part, passing);
    if (value.kind === "own" || value.kind === "followed") return space.ask(cell, condition, value);
    const text = textOf(value, space.known(cell));
    if (text === undefined)
      throw new Undecidable("a rule asks about a path that a regular expression has rewritten");
    return meets(condition, text);
  }

  function act(rule: Rule, match: RequestMatch | true, passing: SymbolicRequest, left: number): Tree {
    const { action } = rule;
    if (action.kind === "redirect")
      return answered(redirectTerminal(action, match, passing), [action.response]);
    if (action.kind === "direct") return answered(directTerminal(action), [action.response]);
    const changed = rewrittenBy(action, match, passing);
    const shares = sharesOf(action.destinations.map(({ weight }) => weight));
    const ways = action.destinations.map(
      (to, i) => [shares[i] ?? ONE, sendTo(rule, action, to, changed, left)] as const,
    );
    const [only] = ways;
    const build: OutcomeBuilder<Tree> = {
      meets: ({ part, match: wanted }) => ask(partAsked(part), conditionOf(wanted), passing),
      sometimes(percent, some, others) {
        const share = ofPercent(percent);
        const both = [[share, some] as const, [rest(share), others] as const];
        return { kind: "chance", ways: both.filter(([{ numerator }]) => numerator > 0n) };
      },
      delayed: (ms, outcome) => after({ kind: "delay", ms, at: rule.at }, outcome),
      reply: (name) => nowhere(name),
      withHeaders: (outcome, headers) =>
        answeredWith(
          outcome,
          headers.map(([name, value]) => [
            name,
            "text" in value ? { kind: "text", text: value.text } : partOf(header(value.header), passing),
          ]),
        ),
      withRouteChanges: (outcome) => ({
        kind: "chance",
        ways: action.destinations.map(({ response }, i) => [
          shares[i] ?? ONE,
          answered(outcome, [response, action.response]),
        ]),
      }),
    };
    const forwarded: Tree = ways.length === 1 && only !== undefined ? only[1] : { kind: "chance", ways };
    return REQUEST_FILTERS.reduceRight<Tree>(
      (outcome, filter) => filter.outcome(action, outcome, build),
      forwarded,
    );
  }

  function sendTo(
    { at }: Rule,
    action: ForwardAction,
    to: Destination,
    passing: SymbolicRequest,
    left: number,
  ): Tree {
    const headers = new Map(passing.headers);
    applyTo(headers, to.request);
    applyTo(headers, action.request);
    const authority: Value =
      to.authority === undefined ? passing.authority : { kind: "text", text: to.authority };
    const onward = { ...passing, headers, authority };
    let tree = tried(
      action.retry,
      at,
      answered(arrive(to, onward, left - 1, at), [to.response, action.response]),
    );
    if (action.timeoutMs !== undefined) tree = after({ kind: "timeout", ms: action.timeoutMs, at }, tree);
    for (const mirror of action.mirrors) {
      if (mirror.percent <= 0) continue;
      tree = after(copied(mirror, onward), tree);
    }
    return tree;

    function copied(mirror: Mirror, request: SymbolicRequest): Step {
      const name = request.authority.kind === "text" ? request.authority.text : hostName();
      if (name === undefined)
        throw new Undecidable("a copy is sent under a host that has no name of its own");
      const copy = { ...request, authority: { kind: "text", text: shadowHost(name) } as const };
      return { kind: "mirror", percent: mirror.percent, to: arrive(mirror, copy, left - 1, at), at };
    }
  }

  function reach(backend: Backend, passing: SymbolicRequest, left: number): Tree {
    if (backend.kind === "listener") return from(backend.listener, passing, left);
    return revisionTerminal(backend.revision, passing, answering());
  }

  /** The compiler uses the host's name as the revision where it knows no backend. */
  function arrive(to: Destination | Mirror, passing: SymbolicRequest, left: number, at: Position): Tree {
    const meant = side.destinations.meaningOf(to);
    if (meant.missing !== undefined) return nowhere(meant.missing);
    const isNamedOnly = to.backend.kind === "revision" && to.backend.revision === to.host;
    const backend = isNamedOnly ? side.table.backends.get(to.host) : to.backend;
    // The Services that Knative makes have the port 80; which others they have is up to its version.
    const isKnown = backend !== undefined && meant.isSubsetKnown && to.port === 80;
    const tree = isKnown
      ? reach(backend, passing, left)
      : revisionOrElsewhere(to, meant.place, backend !== undefined, passing);
    const steps = [...meant.unmodelled, ...portAsked(to, meant.onlyPort, at)];
    return steps.reduce((behind, step) => after(step, behind), tree);
  }

  /**
   * A sidecar sends what has no port to the port that was asked, unless the Service has that port: where the two have
   * different ports, there is no such cluster. (istio 1.31, pilot/pkg/networking/core/route/route.go,
   * GetDestinationCluster, with the Services of one port; gateways know all Services.)
   */
  function portAsked(
    { host: to }: Destination | Mirror,
    onlyPort: number | undefined,
    at: Position,
  ): UnmodelledStep[] {
    const asked = hostName();
    if (onlyPort === undefined || listener !== "mesh" || asked === undefined) return [];
    const service = clusterName(asked);
    const ports = side.destinations.portsOf(service);
    if (service === to || ports === undefined || ports.every((port) => port === onlyPort)) return [];
    return [{ kind: "unmodelled", about: `the port of ${to}, which is not written`, text: service, at }];
  }

  /**
   * A host that no file describes is a revision when its name is that of one, or Knative's headers say so.
   * @param isPart whether some port or subset of a known host is meant that is not known
   */
  function revisionOrElsewhere(
    { host: name, port, subset }: Destination | Mirror,
    place: string,
    isPart: boolean,
    passing: SymbolicRequest,
  ): Tree {
    const [revision, namespace, ...domain] = name.split(".");
    const full = `${namespace}/${revision}`;
    const isCluster = domain.join(".") === CLUSTER_DOMAIN;
    const named = passing.headers.get(REVISION);
    const says = named?.kind === "text" && named.text === revision;
    if (isCluster && !isPart && subset === undefined && port === 80 && (says || side.revisions.has(full)))
      return revisionTerminal(full, passing, answering());
    return elsewhere(place, passing, "place");
  }

  function answering(): Answering {
    return { ...side, asked: hostName(), known: space.known(cell) };
  }
}

/** The full name of a Service that is asked for by a shorter one. */
export function clusterName(host: string): string {
  const [, name, namespace] = /^([^.]+)\.([^.]+)(?:\.svc)?$/.exec(host) ?? [];
  return name === undefined || namespace === undefined ? host : `${name}.${namespace}.${CLUSTER_DOMAIN}`;
}
