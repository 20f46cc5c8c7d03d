import { ms, percent, rate } from "../../../format.ts";
import type { MeshState, RevisionView, ServiceState } from "../schema.ts";
import { CARDS } from "./choice.ts";
import { errorShare, stateMark } from "./revisions.ts";
import { type Share, sharesOf } from "./splits.ts";

/** A box of the picture. */
export interface FlowNode {
  id: string;
  kind: "ingress" | "service" | "split" | "revision";
  /** The number of steps from the ingress. */
  column: number;
  title: string;
  lines: string[];
  /** The state of a revision, or of the only revision of a service. */
  state?: RevisionView["state"];
}

/** An edge between two boxes along which requests flow. */
export interface FlowEdge {
  from: string;
  to: string;
  /** Requests per second; an edge at 0 is drawn faintly. */
  rate: number;
  /** The planned share as text; empty if nothing is split. */
  label: string;
}

export interface Flow {
  nodes: FlowNode[];
  edges: FlowEdge[];
}

const INGRESS = "ingress";

/**
 * Returns the graph of requests: the ingress, the public services, the cluster-local services and their revisions.
 * The mesh does not see which service calls a cluster-local one: a single public service is taken as the caller.
 * @param services the services to draw
 */
export function flowOf(state: MeshState, services: readonly ServiceState[] = state.services): Flow {
  const nodes: FlowNode[] = [];
  const edges: FlowEdge[] = [];
  // A Kubernetes Service is never public by itself; those that the ingress has forwarded to are the outer ones.
  const someArePublic = services.some(({ visibility }) => visibility === "public");
  const isOuter = (service: ServiceState): boolean =>
    someArePublic ? service.visibility === "public" : isEntered(service);
  const outer = services.filter(isOuter);
  const inner = services.filter((service) => !isOuter(service));
  const [caller, ...others] = outer;
  nodes.push({
    id: INGRESS,
    kind: "ingress",
    column: 0,
    title: "Ingress gateway",
    lines: [
      `127.0.0.1:${state.port}`,
      rate(sum(state.services.map((service) => inflow(service, "ingress")))),
    ],
  });
  for (const service of outer) {
    edges.push({ from: INGRESS, to: idOf(service), rate: inflow(service, "ingress"), label: "" });
    addService(service, 1);
  }
  for (const service of inner) {
    const isCalled = caller !== undefined && others.length === 0;
    const direct = inflow(service, "ingress");
    if (isCalled)
      edges.push({ from: idOf(caller), to: idOf(service), rate: inflow(service, "mesh"), label: "" });
    if (direct > 0 || !isCalled) edges.push({ from: INGRESS, to: idOf(service), rate: direct, label: "" });
    addService(service, isCalled ? 2 : 1);
  }
  return { nodes, edges };

  function hasFault({ name }: ServiceState, revision: RevisionView): boolean {
    return state.faults.faults.some((fault) => fault.service === name && fault.revision === revision.name);
  }

  function addService(service: ServiceState, column: number): void {
    const [split] = service.splits;
    const [only] = service.revisions;
    if (service.revisions.length === 1 && only !== undefined) {
      const fault = hasFault(service, only) ? ", ⚠ fault" : "";
      const lines = [`${stateMark(only)}${fault}`, trafficText(only)];
      nodes.push({
        id: idOf(service),
        kind: "service",
        column,
        title: service.name,
        lines,
        state: only.state,
      });
      return;
    }
    if (split === undefined) return;
    nodes.push({
      id: idOf(service),
      kind: "split",
      column,
      title: service.name,
      lines: [`split by ${split.by}`, split.route],
    });
    const shares = sharesOf(split);
    const isDrawn = (share: Share): boolean => shares.length <= CARDS || share.percent > 0 || share.count > 0;
    for (const share of shares.filter(isDrawn).slice(0, CARDS)) {
      const revision = service.revisions.find(({ name }) => name === share.revision);
      if (revision === undefined) continue;
      const id = `${idOf(service)}/${revision.name}`;
      const seen = percent(split.observed.requests === 0 ? undefined : share.share);
      nodes.push({
        id,
        kind: "revision",
        column: column + 1,
        title: revision.name,
        lines: [
          `${stateMark(revision)}${hasFault(service, revision) ? ", ⚠ fault" : ""}`,
          `planned ${percent(share.percent / 100)}, seen ${seen}`,
          trafficText(revision),
        ],
        state: revision.state,
      });
      edges.push({
        from: idOf(service),
        to: id,
        rate: revision.traffic.rate,
        label: percent(share.percent / 100),
      });
    }
  }
}

/** Describes the picture for screen readers. */
export function flowSentence({ nodes }: Flow): string {
  return nodes.map(({ title, lines }) => `${title}: ${lines.join(", ")}`).join(". ");
}

function trafficText({ traffic }: RevisionView): string {
  const failed = errorShare(traffic.recent);
  const errors = failed === undefined || failed === 0 ? "" : `, ${percent(failed)} fail`;
  return `${rate(traffic.rate)}, ${ms(traffic.p50Ms)}${errors}`;
}

function inflow(service: ServiceState, listener: "ingress" | "mesh"): number {
  return sum(service.inflows.filter((flow) => flow.listener === listener).map(({ rate }) => rate));
}

/** Whether requests of the time range came from the ingress. */
function isEntered({ inflows }: ServiceState): boolean {
  return inflows.some(({ listener, requests }) => listener === "ingress" && requests > 0);
}

function idOf({ namespace, name }: ServiceState): string {
  return `${namespace}/${name}`;
}

function sum(values: readonly number[]): number {
  return values.reduce((all, value) => all + value, 0);
}
