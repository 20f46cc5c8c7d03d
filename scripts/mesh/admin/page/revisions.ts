import { ms, percent, rate } from "../../../format.ts";
import type { MeshState, RevisionView, ServiceState } from "../schema.ts";
import { sparkline } from "../../../chart/sparkline.ts";
import { faultForm, faultText } from "./faults.ts";
import { h, type Spec } from "../../../text/html.ts";

/** The mesh measures a rate over this many seconds. */
const RATE_SECONDS = 10;

/** The time axis of the charts. */
const LAST = { from: "5 min ago", to: "now", inWords: "last five minutes" };

const MARKS: Readonly<Record<RevisionView["state"], string>> = {
  ready: "● ready",
  starting: "◐ starting",
  failed: "✕ failed",
  stopped: "○ stopped",
  "at zero": "○ at zero",
};

/** The state of a revision in a word, with a symbol that can be told apart without colour. */
export function stateMark({ state }: RevisionView): string {
  return MARKS[state];
}

/** A card for each revision. */
export function revisionsView({ services, stepSeconds, faults }: MeshState): Spec[] {
  return services.flatMap((service) =>
    service.revisions.map((revision) => revisionView(service, revision, stepSeconds, faults.faults)),
  );
}

function revisionView(
  service: ServiceState,
  revision: RevisionView,
  stepSeconds: number,
  faults: MeshState["faults"]["faults"],
): Spec {
  const { traffic } = revision;
  const fault = faults.find((one) => one.service === service.name && one.revision === revision.name);
  const perSecond = (pick: "requests" | "errors"): number[] =>
    traffic.series.map((step) => step[pick] / stepSeconds);
  // The last complete steps: the same seconds that the rate covers.
  const recent = errorShare(sumOf(traffic.series.slice(-1 - RATE_SECONDS / stepSeconds, -1)));
  const failed = errorShare(traffic);
  return h(
    "article",
    { class: "card", "aria-label": revision.name },
    h(
      "h3",
      {},
      revision.name,
      revision.tags.map((tag) => h("span", { class: "tag" }, tag)),
      h("span", { class: `badge state-${revision.state.replace(" ", "-")}` }, stateMark(revision)),
    ),
    h("p", { class: "quiet", hidden: revision.reason === "" }, reasonText(revision)),
    h("p", { class: "warning", hidden: fault === undefined }, fault && `⚠ fault: ${faultText(fault)}`),
    h(
      "dl",
      { class: "figures" },
      figure("rate, 10 s", rate(traffic.rate)),
      figure("errors, 10 s", percent(recent), recent !== undefined && recent > 0),
      figure("errors, 5 min", percent(failed)),
      figure("median", ms(traffic.p50Ms)),
      figure("90 %", ms(traffic.p90Ms)),
      figure("99 %", ms(traffic.p99Ms)),
    ),
    sparkline({
      label: "requests per second",
      lines: [
        { name: "requests", values: perSecond("requests"), area: true },
        // Steps without errors have no line: one along the bottom would look like errors.
        { name: "errors", values: perSecond("errors").map((value) => value || null), area: true },
      ],
      time: LAST,
      text: rate,
      atLeast: 1,
    }),
    sparkline({
      label: "latency",
      lines: [
        { name: "median", values: traffic.series.map(({ p50Ms }) => p50Ms) },
        { name: "slowest", label: "99 %", values: traffic.series.map(({ p99Ms }) => p99Ms) },
      ],
      time: LAST,
      text: ms,
      atLeast: 1,
    }),
    faultForm(service.name, revision.name, fault),
  );
}

/** The share of failed requests, from 0 to 1; undefined without requests. */
export function errorShare({ requests, errors }: { requests: number; errors: number }): number | undefined {
  return requests === 0 ? undefined : errors / requests;
}

/** Why a revision is in its state; for a ready one, how long it took to start. */
function reasonText({ state, reason }: RevisionView): string {
  return state === "ready" && reason !== "" ? `ready ${reason}` : reason;
}

function sumOf(steps: readonly { requests: number; errors: number }[]): { requests: number; errors: number } {
  const sum = { requests: 0, errors: 0 };
  for (const { requests, errors } of steps) {
    sum.requests += requests;
    sum.errors += errors;
  }
  return sum;
}

function figure(name: string, value: string, isBad = false): Spec {
  return h("div", {}, h("dt", {}, name), h("dd", { class: isBad && "bad" }, value));
}
