import { count, counted, ms, percent, rate } from "../../../format.ts";
import type { MeshState, RevisionView, ServiceState } from "../schema.ts";
import {
  CARDS,
  type Choice,
  type Chosen,
  chosenOf,
  EVERYTHING,
  isMany,
  keyOf,
  PAGE,
  rangeText,
} from "./choice.ts";
import { sparkline } from "../../../chart/sparkline.ts";
import { faultForm, faultText } from "./faults.ts";
import { h, type Spec } from "../../../text/html.ts";

const MARKS: Readonly<Record<RevisionView["state"], string>> = {
  ready: "● ready",
  starting: "◐ starting",
  failed: "✕ failed",
  stopped: "○ stopped",
  "at zero": "○ at zero",
};

/** Shows the state of a revision as a word with a symbol that is distinct without colour. */
export function stateMark({ state }: RevisionView): string {
  return MARKS[state];
}

/** Shows a card for each revision, or if there are many, a line for each service that opens to its cards. */
export function revisionsView(
  state: MeshState,
  choice: Choice = EVERYTHING,
  chosen: readonly Chosen[] = chosenOf(state, choice),
): Spec[] {
  if (!isMany(state)) {
    const cards = chosen.flatMap(({ service, revisions }) =>
      revisions.map((revision) => revisionView(service, revision, state)),
    );
    return [h("div", { class: "cards", "data-key": "cards" }, cards)];
  }
  const listed = chosen.slice(0, choice.limit);
  const left = chosen.length - listed.length;
  return [
    h(
      "div",
      { class: "services", "data-key": "services" },
      listed.map((each) => serviceView(each, state, choice.open.has(keyOf(each.service)))),
    ),
    h(
      "p",
      { class: "row", "data-key": "more", hidden: left === 0 },
      h("button", { type: "button", "data-more": PAGE }, `Show ${count(Math.min(PAGE, left))} more`),
      h("span", { class: "quiet" }, `${counted(left, "service")} not listed: search narrows the list.`),
    ),
  ];
}

/** Shows a service in one line, with the cards of its revisions if it is open. */
function serviceView({ service, revisions }: Chosen, state: MeshState, isOpen: boolean): Spec {
  const key = keyOf(service);
  const sum = { requests: 0, errors: 0, rate: 0, recent: 0 };
  for (const { traffic } of service.revisions) {
    sum.requests += traffic.requests;
    sum.errors += traffic.errors;
    sum.rate += traffic.rate;
    sum.recent += traffic.recent.errors;
  }
  const states = Map.groupBy(service.revisions, stateMark);
  const shown = isOpen ? revisions.slice(0, CARDS) : [];
  return h(
    "details",
    { class: "service", "data-key": key, "data-service-row": key },
    h(
      "summary",
      {},
      h("strong", {}, service.name, h("span", { class: "quiet" }, ` ${service.namespace}`)),
      h("span", {}, [...states].map(([mark, { length }]) => `${count(length)} ${mark}`).join(", ")),
      sum.requests === 0
        ? h("span", { class: "number quiet" }, `no request, ${rangeText(state)}`)
        : [
            h("span", { class: "number" }, `${rate(sum.rate)}, 10 s`),
            h(
              "span",
              { class: sum.recent > 0 ? "number bad" : "number" },
              `${percent(errorShare(sum))} errors, ${rangeText(state)}`,
            ),
          ],
    ),
    h(
      "div",
      { class: "cards" },
      shown.map((revision) => revisionView(service, revision, state)),
    ),
    isOpen &&
      revisions.length > CARDS &&
      h(
        "p",
        { class: "quiet" },
        `${counted(revisions.length - CARDS, "revision")} not shown: search for them.`,
      ),
  );
}

function revisionView(service: ServiceState, revision: RevisionView, state: MeshState): Spec {
  const { traffic } = revision;
  const fault = state.faults.faults.find(
    (one) => one.service === service.name && one.revision === revision.name,
  );
  return h(
    "article",
    { class: "card", "aria-label": revision.name, "data-key": `${keyOf(service)}/${revision.name}` },
    h(
      "h3",
      {},
      revision.name,
      revision.tags.map((tag) => h("span", { class: "tag" }, tag)),
      h("span", { class: `badge state-${revision.state.replace(" ", "-")}` }, stateMark(revision)),
    ),
    h("p", { class: "quiet", hidden: revision.reason === "" }, reasonText(revision)),
    h("p", { class: "warning", hidden: fault === undefined }, fault && `⚠ fault: ${faultText(fault)}`),
    figuresView(traffic, state),
    traffic.series.length === 0
      ? h("p", { class: "quiet" }, `No request in the last ${rangeText(state)}.`)
      : chartsView(traffic, state),
    faultForm(service.name, revision.name, fault),
  );
}

/** Shows the current figures and those of the time range; only current failures are red. */
function figuresView(traffic: RevisionView["traffic"], state: MeshState): Spec {
  const { recent } = traffic;
  const range = rangeText(state);
  const now = [
    figure("rate, 10 s", rate(traffic.rate)),
    figure("errors, 10 s", percent(errorShare(recent)), recent.errors > 0),
  ];
  const whole =
    range === "10 s"
      ? [figure("requests, 10 s", count(traffic.requests))]
      : [figure(`errors, ${range}`, percent(errorShare(traffic)))];
  return h(
    "dl",
    { class: "figures" },
    now,
    whole,
    figure(`median, ${range}`, ms(traffic.p50Ms)),
    figure(`90 %, ${range}`, ms(traffic.p90Ms)),
    figure(`99 %, ${range}`, ms(traffic.p99Ms)),
  );
}

/** The labels of the ends and the middle of the time axis, by the seconds of the time range. */
const AXES: Readonly<Record<number, readonly [from: string, middle: string]>> = {
  10: ["10 s ago", "5 s"],
  60: ["1 min ago", "30 s"],
  300: ["5 min ago", "2 min 30 s"],
};

function chartsView({ series }: RevisionView["traffic"], state: MeshState): Spec[] {
  const range = rangeText(state);
  const [from, middle] = AXES[state.windowSeconds] ?? [`${range} ago`, ""];
  const time = { from, middle, to: "now", inWords: `last ${range}` };
  const perSecond = (pick: "requests" | "errors"): number[] =>
    series.map((step) => step[pick] / state.stepSeconds);
  return [
    sparkline({
      label: "requests per second",
      lines: [
        { name: "requests", values: perSecond("requests"), area: true },
        // Steps without errors have no line: one along the bottom would look like errors.
        { name: "errors", values: perSecond("errors").map((value) => value || null), area: true },
      ],
      time,
      text: rate,
      atLeast: 1,
    }),
    sparkline({
      label: "latency",
      lines: [
        { name: "median", values: series.map(({ p50Ms }) => p50Ms) },
        { name: "slowest", label: "99 %", values: series.map(({ p99Ms }) => p99Ms) },
      ],
      time,
      text: ms,
      atLeast: 1,
    }),
  ];
}

/** Returns the share of failed requests, from 0 to 1; undefined without requests. */
export function errorShare({ requests, errors }: { requests: number; errors: number }): number | undefined {
  return requests === 0 ? undefined : errors / requests;
}

/** Explains the state of a revision; for a ready one, how long it took to start. */
function reasonText({ state, reason }: RevisionView): string {
  return state === "ready" && reason !== "" ? `ready ${reason}` : reason;
}

function figure(name: string, value: string, isBad = false): Spec {
  return h("div", {}, h("dt", {}, name), h("dd", { class: isBad && "bad" }, value));
}
