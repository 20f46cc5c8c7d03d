import { valueAt } from "../../../schema/value.ts";
import type { Plan } from "../../compile/compile.ts";
import { HeaderList } from "../../../route-fields/headers/header-list.ts";
import { CLUSTER_DOMAIN, hostOf } from "../../hosts.ts";
import { type Resolution, resolveBy, type RoutedRequest } from "../../resolve.ts";
import type { Destination, Listener } from "../../table.ts";

/** Headers that describe how a request travels, not its outcome. */
const OF_THE_WAY = new Set(["host", "knative-serving-namespace", "knative-serving-revision"]);

/**
 * Returns the outcomes of one request by the resolver that routes the local mesh's requests: each possible way as
 * text, with its probability.
 */
export function outcomesOf(plan: Plan, listener: Listener, request: RoutedRequest): Map<string, number> {
  const found = new Map<string, number>();
  let choices: number[] | undefined = [];
  while (choices !== undefined) {
    const fixed: readonly number[] = choices;
    const made: { index: number; of: number }[] = [];
    let probability = 1;
    const end = resolveBy(plan.table, listener, request, ({ destinations, totalWeight }): Destination => {
      const index = fixed[made.length] ?? 0;
      made.push({ index, of: destinations.length });
      const chosen = destinations[index] as Destination;
      probability *= chosen.weight / totalWeight;
      return chosen;
    });
    const key = textOf(end, plan);
    found.set(key, (found.get(key) ?? 0) + probability);
    choices = nextChoices(made);
  }
  return found;
}

/** Whether two requests, one on each side, have the same outcomes. */
export function sameOutcomes(a: ReadonlyMap<string, number>, b: ReadonlyMap<string, number>): boolean {
  const keys = new Set([...a.keys(), ...b.keys()]);
  return [...keys].every((key) => Math.abs((a.get(key) ?? 0) - (b.get(key) ?? 0)) < 1e-9);
}

/** Returns the destination in a text of `outcomesOf`: a revision, or the status of a response of the proxy itself. */
export function placeOfOutcome(text: string): string {
  return String(valueAt(JSON.parse(text), [0, 0]));
}

function textOf(end: Resolution, plan: Plan): string {
  const answer = new HeaderList(["x-kept", "own"]);
  for (const { response } of end.hops.toReversed()) {
    for (const change of response) answer.apply(change);
  }
  return JSON.stringify([placeOf(end, plan), named(answer)]);
}

function placeOf(end: Resolution, plan: Plan): unknown[] {
  switch (end.kind) {
    case "revision":
      return [end.revision, byActivator(end.request, plan), end.request.target, named(end.request.headers)];
    case "redirect":
      return [end.status, end.location];
    default:
      return [end.status];
  }
}

/** Returns the revision that Knative's activator would choose, by both headers or else by the host. */
function byActivator({ authority, headers }: RoutedRequest, { services }: Plan): string {
  const [namespace, revision] = ["namespace", "revision"].map((name) =>
    headers.joined(`knative-serving-${name}`),
  );
  const [name, of, ...domain] = hostOf(authority).split(".");
  const ofHost = domain.join(".") === CLUSTER_DOMAIN ? `${of}/${name}` : "";
  const found = namespace && revision ? `${namespace}/${revision}` : ofHost;
  const all = services.flatMap(({ revisions }) => revisions.map((each) => `${each.namespace}/${each.name}`));
  return all.includes(found) ? found : "unrouted";
}

function named(headers: HeaderList): [string, string | undefined][] {
  const names = new Set([...headers].map(([name]) => name).filter((name) => !OF_THE_WAY.has(name)));
  return [...names].sort().map((name) => [name, headers.joined(name)]);
}

function nextChoices(made: readonly { index: number; of: number }[]): number[] | undefined {
  for (let depth = made.length - 1; depth >= 0; depth--) {
    const { index, of } = made[depth] as { index: number; of: number };
    if (index + 1 < of) return [...made.slice(0, depth).map(({ index }) => index), index + 1];
  }
  return undefined;
}
