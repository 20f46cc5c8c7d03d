import type { MeshState, RevisionView, ServiceState } from "../schema.ts";
import { chart } from "./chart.ts";
import { faultForm, faultText } from "./faults.ts";
import { errorShare, msText, percentText, rateText } from "./format.ts";
import { h, type Spec } from "./spec.ts";

/** The mesh measures a rate over this many seconds. */
const RATE_SECONDS = 10;

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
      figure("rate, 10 s", rateText(traffic.rate)),
      figure("errors, 10 s", shareText(recent), recent !== undefined && recent > 0),
      figure("errors, 5 min", shareText(failed)),
      figure("median", msText(traffic.p50Ms)),
      figure("90 %", msText(traffic.p90Ms)),
      figure("99 %", msText(traffic.p99Ms)),
    ),
    chart({
      label: "requests per second",
      lines: [
        { name: "requests", values: perSecond("requests"), area: true },
        // Steps without errors have no line: one along the bottom would look like errors.
        { name: "errors", values: perSecond("errors").map((rate) => rate || null), area: true },
      ],
      top: rateText,
      atLeast: 1,
    }),
    chart({
      label: "latency",
      lines: [
        { name: "median", values: traffic.series.map(({ p50Ms }) => p50Ms) },
        { name: "slowest", label: "99 %", values: traffic.series.map(({ p99Ms }) => p99Ms) },
      ],
      top: msText,
      atLeast: 1,
    }),
    faultForm(service.name, revision.name, fault),
  );
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

function shareText(share: number | undefined): string {
  return share === undefined ? "–" : percentText(share);
}

function figure(name: string, value: string, isBad = false): Spec {
  return h("div", {}, h("dt", {}, name), h("dd", { class: isBad && "bad" }, value));
}
