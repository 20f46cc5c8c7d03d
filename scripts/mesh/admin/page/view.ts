import { count, counted, passed, rate } from "../../../format.ts";
import type { MeshState } from "../schema.ts";
import { type Choice, chosenOf, EVERYTHING, pictured, rangeText } from "./choice.ts";
import { faultsView } from "./faults.ts";
import { flowOf } from "./flow-model.ts";
import { flowView } from "./flow.ts";
import { revisionsView } from "./revisions.ts";
import { rolloutView } from "./rollout.ts";
import { rulesView } from "./rules.ts";
import { h, type Spec } from "../../../text/html.ts";
import { splitsView } from "./splits.ts";

/** Draws the page from the state of the mesh and the user's choice. */
export function pageView(state: MeshState, choice: Choice = EVERYTHING): Spec[] {
  const chosen = chosenOf(state, choice);
  const services = pictured(state, chosen, choice);
  const more = moreText(services.length, chosen.length, state);
  return [
    problemsView(state),
    h(
      "section",
      { "aria-labelledby": "rollouts", hidden: state.rollouts.length === 0 },
      h("h2", { id: "rollouts" }, "Rollout"),
      h(
        "div",
        { class: "cards few" },
        state.rollouts.map((rollout) => rolloutView(rollout, state.nowMs)),
      ),
    ),
    h(
      "section",
      { "aria-labelledby": "flow" },
      h("h2", { id: "flow" }, "Flow"),
      h(
        "p",
        { class: "quiet" },
        `Rates and failures over the last 10 s, medians over the last ${rangeText(state)}.${more}`,
      ),
      gatewaysView(state.gateways),
      services.length > 0 && flowView(flowOf(state, services)),
    ),
    h(
      "section",
      { "aria-labelledby": "splits" },
      h("h2", { id: "splits" }, "Planned and seen"),
      h("p", { class: "quiet", hidden: more === "" }, more.trim()),
      h("div", { class: "cards few" }, splitsView(services, state.nowMs)),
    ),
    h(
      "section",
      { "aria-labelledby": "revisions" },
      h("h2", { id: "revisions" }, "Revisions"),
      revisionsView(state, choice, chosen),
      h("p", { hidden: chosen.length > 0, "data-key": "none" }, "No revision is as you search for."),
    ),
    // Below the fault forms, so that they do not move when a fault is switched on.
    h("section", {}, faultsView(state.faults)),
    h(
      "section",
      { "aria-labelledby": "rules" },
      h("h2", { id: "rules" }, "Rules"),
      rulesView(state.rules, choice.search),
      unroutedView(state),
    ),
  ];
}

/** Lists the ports of Gateways besides the ingress gateway's main one. */
function gatewaysView(gateways: MeshState["gateways"]): Spec {
  return h(
    "p",
    { class: "quiet", hidden: gateways.length === 0 },
    "The ingress gateway answers on other ports too:",
    gateways.flatMap(({ title, url, gateways }, i) => [
      i === 0 ? " " : "; ",
      h("a", { href: url }, url),
      ` (${title}, Gateway ${gateways.join(", ")})`,
    ]),
    ".",
  );
}

/** Describes the result of a search. */
export function foundText(state: MeshState, choice: Choice): string {
  const chosen = chosenOf(state, choice);
  const found = chosen.reduce((sum, { revisions }) => sum + revisions.length, 0);
  const all = state.services.reduce((sum, { revisions }) => sum + revisions.length, 0);
  const of = found === all ? "" : ` of ${count(all)}`;
  return `${count(found)}${of} revisions of ${counted(chosen.length, "service")}`;
}

/** Describes which of many services are drawn; empty if all are. */
function moreText(drawn: number, all: number, state: MeshState): string {
  if (drawn === all) return "";
  if (drawn === 0) {
    return ` None of ${counted(all, "service")} had a request in the last ${rangeText(state)}; search for those to draw.`;
  }
  return ` Drawn: the ${drawn === 1 ? "" : `${drawn} `}busiest of ${counted(all, "service")}; search for others.`;
}

/** The status line in the head while the mesh answers. */
export function headText({ generation, nowMs, appliedMs }: MeshState): string {
  return `live; configuration ${generation}, in force for ${passed(nowMs - appliedMs)}`;
}

function problemsView({ problems, warnings, waiting }: MeshState): Spec {
  return h(
    "section",
    { role: "alert", class: "problems" },
    problems.length > 0 &&
      h(
        "div",
        {},
        h("h2", {}, "The last edit is not in force"),
        h("p", {}, "The previous configuration stays in force until these errors are fixed:"),
        h("ul", {}, problems.map(problemView)),
      ),
    waiting.length > 0 &&
      h(
        "p",
        { class: "warning" },
        `Waiting for ${waiting.join(", ")}; until then the previous split applies.`,
      ),
    warnings.length > 0 && h("ul", { class: "warning" }, warnings.map(problemView)),
  );
}

function problemView({ at, field, message, fix }: MeshState["problems"][number]): Spec {
  return h(
    "li",
    {},
    h("code", {}, `${at.file}:${at.line}`),
    ` ${field === "" ? "" : `${field}: `}${message}${fix === null ? "" : `; ${fix}`}`,
  );
}

function unroutedView(state: MeshState): Spec | false {
  const { unrouted } = state;
  if (unrouted.requests === 0) return false;
  return h(
    "p",
    { class: "quiet" },
    `${counted(unrouted.requests, "request")} reached no revision in the last ${rangeText(state)} (${rate(unrouted.rate)} in the last 10 s): no rule, a redirect, or an answer of the ingress itself.`,
  );
}
