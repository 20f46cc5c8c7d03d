import Type, { type Static } from "typebox";
import { Check } from "typebox/schema";
import type { Settings } from "../plan/settings.ts";
import {
  type MakeJudge,
  type Observation,
  type RolloutJudge,
  type Ruling,
  withPartOfAlpha,
} from "./rollout-judge.ts";

/** The number of routes that are judged separately; all later ones are judged together. */
const MOST_ROUTES = 20;
const OTHERS = "all other routes";

const Snapshot = Type.Object({
  all: Type.Unknown(),
  routes: Type.Array(Type.Tuple([Type.String(), Type.Unknown()])),
});
type Snapshot = Static<typeof Snapshot>;

/**
 * Makes a judge of all requests and of each route, so that a candidate that fails on one route only is not hidden by
 * the successes of the others. Half of alpha is for all requests together. Of the other half, the k-th observed route
 * gets 1/(k(k+1)), which sums to at most the whole half for any number of routes: by the union bound, a candidate
 * that is no worse on any route is rolled back with probability alpha at most. The verdict healthy is about all
 * requests together, while no route has regressed.
 * @param makeJudge the judge of one set of requests
 */
export function routeJudge(settings: Settings, snapshot: unknown, makeJudge: MakeJudge): RolloutJudge {
  return new RouteJudge(settings, Check(Snapshot, snapshot) ? snapshot : undefined, makeJudge);
}

class RouteJudge implements RolloutJudge {
  readonly restored: boolean;
  readonly #settings: Settings;
  readonly #makeJudge: MakeJudge;
  readonly #all: RolloutJudge;
  readonly #routes = new Map<string, RolloutJudge>();

  constructor(settings: Settings, snapshot: Snapshot | undefined, makeJudge: MakeJudge) {
    this.#settings = settings;
    this.#makeJudge = makeJudge;
    this.#all = makeJudge(withPartOfAlpha(settings, 2), snapshot?.all);
    for (const [route, of] of snapshot?.routes ?? []) this.#judgeOf(route, of);
    this.restored = this.#all.restored && [...this.#routes.values()].every(({ restored }) => restored);
  }

  observe(observations: readonly Observation[]): void {
    this.#all.observe(observations);
    const byRoute = Map.groupBy(observations, ({ route }) => route);
    for (const [route, batch] of byRoute) if (route !== undefined) this.#judgeOf(route).observe(batch);
  }

  ruling(next: number): Ruling {
    const all = this.#all.ruling(next);
    if (all.verdict === "regressed") return all;
    for (const [route, judge] of this.#routes) {
      const ruling = judge.ruling(next);
      if (ruling.verdict === "regressed") return { ...ruling, because: `on ${route}, ${ruling.because}` };
    }
    return all;
  }

  snapshot(): Snapshot {
    const routes = [...this.#routes].map(([route, judge]): [string, unknown] => [route, judge.snapshot()]);
    return { all: this.#all.snapshot(), routes };
  }

  #judgeOf(route: string, snapshot?: unknown): RolloutJudge {
    const isKnown = this.#routes.has(route) || this.#routes.size < MOST_ROUTES;
    const name = isKnown ? route : OTHERS;
    const found = this.#routes.get(name);
    if (found !== undefined) return found;
    const k = this.#routes.size + 1;
    const judge = this.#makeJudge(withPartOfAlpha(this.#settings, 2 * k * (k + 1)), snapshot);
    this.#routes.set(name, judge);
    return judge;
  }
}
