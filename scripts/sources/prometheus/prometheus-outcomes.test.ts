import { describe, expect, test } from "bun:test";
import { UserError } from "../../cluster/user-error.ts";
import type { Outcome, OutcomeSource } from "../source.ts";
import { prometheusSource } from "./prometheus-outcomes.ts";

function source(url: string): OutcomeSource {
  const connection = { base: url.replace(/\/$/, "") };
  return prometheusSource({ connection, service: "check", namespace: "kyc" });
}

/** The counters of one pod at one scrape, by seconds since the epoch. */
type Scrapes = Record<string, [atS: number, count: number][]>;

/** A Prometheus that answers from its scrapes, with a clock of its own. */
class FakePrometheus implements Disposable {
  readonly asked: string[] = [];
  readonly #server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: (request) => this.#answer(request) });
  /** Called after each query to change the scrapes. */
  onLook: (number: number) => void = () => {};
  #looks = 0;

  readonly scrapes: Scrapes;
  readonly starts: Record<string, number>;
  readonly #aheadMs: number;

  constructor(
    scrapes: Scrapes,
    { aheadMs = 0, starts = {} }: { aheadMs?: number; starts?: Record<string, number> } = {},
  ) {
    this.scrapes = scrapes;
    this.starts = starts;
    this.#aheadMs = aheadMs;
  }

  get url(): string {
    return `${this.#server.url}`;
  }

  /** Reports until this many outcomes have arrived. */
  async outcomes(number: number): Promise<Outcome[]> {
    const end = new AbortController();
    const seen: Outcome[] = [];
    for await (const batch of source(this.url).outcomes(end.signal)) {
      seen.push(...batch);
      if (seen.length >= number) end.abort();
    }
    return seen;
  }

  #answer(request: Request): Response {
    const query = new URL(request.url).searchParams.get("query") ?? "";
    this.asked.push(query);
    const data =
      query === "time()" ? this.#time() : query.startsWith("process") ? this.#starts() : this.#calls();
    return Response.json({ status: "success", data });
  }

  #time(): object {
    return { resultType: "scalar", result: [(Date.now() + this.#aheadMs) / 1_000, "1"] };
  }

  #starts(): object {
    const result = Object.entries(this.starts).map(([pod, startedAtS]) => {
      return {
        metric: { __name__: "process_start_time_seconds", pod, instance: pod },
        value: [1, `${startedAtS}`],
      };
    });
    return { resultType: "vector", result };
  }

  #calls(): object {
    const result = Object.entries(this.scrapes).flatMap(([pod, scrapes]) =>
      ["0.1", "+Inf"].map((le) => ({
        metric: {
          __name__: "http_client_request_duration_seconds_bucket",
          ...{ pod, instance: pod, upstream: "check", revision: "check-a", outcome: "ok", le },
        },
        values: scrapes.map(([atS, count]) => [atS, `${count}`]),
      })),
    );
    this.onLook(++this.#looks);
    return { resultType: "matrix", result };
  }

  [Symbol.dispose](): void {
    void this.#server.stop(true);
  }
}

// A source looks once a second, so each test waits for most of its time.
describe.concurrent("outcomes by a Prometheus", () => {
  test("are the increases of each process, including one that it finds later", async () => {
    const nowS = Math.floor(Date.now() / 1_000);
    using prometheus = new FakePrometheus({ a: [[nowS - 20, 5]] });
    prometheus.onLook = () => {
      prometheus.scrapes["a"] = [
        [nowS - 20, 5],
        [nowS - 5, 7],
      ];
      prometheus.scrapes["b"] = [[nowS - 4, 3]];
    };
    const seen = await prometheus.outcomes(2);
    expect(seen.map(({ revision, count, ms }) => ({ revision, count, ms }))).toEqual([
      { revision: "check-a", count: 2, ms: 100 },
      { revision: "check-a", count: 3, ms: 100 },
    ]);
    expect(prometheus.asked).toContain('http_client_request_duration_seconds_bucket{upstream="check"}[300s]');
  });

  test("were answered between two scrapes by this machine's clock, for any clock of the Prometheus", async () => {
    const aheadMs = 3_600_000;
    const scrapedAtS = Date.now() / 1_000 - 20;
    const aheadS = scrapedAtS + aheadMs / 1_000;
    using prometheus = new FakePrometheus({ a: [[aheadS, 5]] }, { aheadMs });
    prometheus.onLook = () => {
      // Two scrapes between two queries.
      prometheus.scrapes["a"] = [
        [aheadS, 5],
        [aheadS + 15, 7],
        [aheadS + 30, 8],
      ];
    };
    const seen = await prometheus.outcomes(2);
    const scrapedAtMs = scrapedAtS * 1_000;
    expect(seen.map(({ count }) => count)).toEqual([2, 1]);
    for (const [i, { sinceMs = 0, atMs }] of seen.entries()) {
      expect(Math.abs(sinceMs - (scrapedAtMs + i * 15_000))).toBeLessThan(500);
      // A scrape may take a second after its own time.
      expect(Math.abs(atMs - (scrapedAtMs + (i + 1) * 15_000 + 1_000))).toBeLessThan(500);
    }
  });

  test("omit earlier counts of a process that was only not scraped", async () => {
    const nowS = Math.floor(Date.now() / 1_000);
    using prometheus = new FakePrometheus({}, { starts: { old: nowS - 9_000 } });
    prometheus.onLook = (number) => {
      prometheus.scrapes["old"] = [
        [nowS, 1_000],
        ...(number > 1 ? [[nowS + 1, 1_002] as [number, number]] : []),
      ];
    };
    expect((await prometheus.outcomes(1)).map(({ count }) => count)).toEqual([2]);
  });

  test("count from zero after a restart of a process, even if it counted further than before", async () => {
    const nowS = Math.floor(Date.now() / 1_000);
    using prometheus = new FakePrometheus({ a: [[nowS - 60, 5]] }, { starts: { a: nowS - 600 } });
    prometheus.onLook = () => {
      prometheus.starts["a"] = nowS - 10;
      prometheus.scrapes["a"] = [
        [nowS - 60, 5],
        [nowS, 9],
      ];
    };
    expect((await prometheus.outcomes(1)).map(({ count }) => count)).toEqual([9]);
  });
});

test("an address that is no Prometheus is an error that names it", async () => {
  using server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => Response.json({ hello: 1 }) });
  const outcomes = source(`${server.url}`).outcomes(new AbortController().signal);
  const error: unknown = await (async () => {
    for await (const _ of outcomes);
  })().catch((error: unknown) => error);
  expect(error).toBeInstanceOf(UserError);
  expect(String(error)).toContain(`http://127.0.0.1:${server.port}`);
});
