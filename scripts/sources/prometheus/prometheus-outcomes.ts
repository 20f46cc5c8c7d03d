import Type from "typebox";
import { Check } from "typebox/schema";
import { UserError } from "../../cluster/user-error.ts";
import { CALLS, Counters, STARTED } from "../metrics/counters.ts";
import type { Sample } from "../metrics/samples.ts";
import type { OutcomeSource } from "../source.ts";

const Answer = Type.Object({
  status: Type.Literal("success"),
  data: Type.Object({
    resultType: Type.Literal("vector"),
    result: Type.Array(
      Type.Object({
        metric: Type.Record(Type.String(), Type.String()),
        value: Type.Tuple([Type.Number(), Type.String()]),
      }),
    ),
  }),
});

const EVERY_MS = 1_000;
// What a process is told apart by; the rest of a sample's labels are the histogram's own.
const PROCESS = ["job", "instance", "namespace", "pod", "container"];

/**
 * The outcomes by a Prometheus that scrapes the pods. The raw counters are asked for, one series a process, for rates
 * and increases are extrapolated there. They are as old as its last scrape.
 * @param url where it answers, as in `http://127.0.0.1:9090`
 */
export function prometheusOutcomes(url: string): OutcomeSource {
  const base = url.replace(/\/+$/, "");
  return async function* ({ service }, signal) {
    const counters = new Counters();
    const calls = `${CALLS}_bucket{upstream="${service}"}`;
    const query = `${calls} or (${STARTED} and on(instance) ${calls})`;
    for (let isFirst = true; !signal.aborted; isFirst = false) {
      const due = Bun.sleep(EVERY_MS);
      const samples = await ask(base, query, signal);
      const processes = Map.groupBy(samples, ({ labels }) => processOf(labels));
      const outcomes = [...processes].flatMap(([process, of]) =>
        counters.added(process, of.map(withoutProcess), !isFirst, Date.now()),
      );
      if (outcomes.length > 0) yield outcomes;
      await due;
    }
  };
}

async function ask(base: string, query: string, signal: AbortSignal): Promise<Sample[]> {
  const what = `The Prometheus at ${base}`;
  let document: unknown;
  try {
    const response = await fetch(`${base}/api/v1/query?${new URLSearchParams({ query })}`, { signal });
    document = await response.json();
  } catch (error) {
    if (signal.aborted) return [];
    throw new UserError(`${what} does not answer: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (!Check(Answer, document))
    throw new UserError(
      `${what} does not answer as one does: give its address, --prometheus http://HOST:9090`,
    );
  return document.data.result.map(({ metric: { __name__: name = "", ...labels }, value: [, value] }) => ({
    name,
    labels,
    value: Number(value),
  }));
}

function processOf(labels: Sample["labels"]): string {
  return PROCESS.map((name) => labels[name] ?? "").join("|");
}

function withoutProcess({ labels, ...sample }: Sample): Sample {
  const own = Object.entries(labels).filter(([name]) => !PROCESS.includes(name));
  return { ...sample, labels: Object.fromEntries(own) };
}
