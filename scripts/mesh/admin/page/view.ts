import { counted, passed, rate } from "../../../format.ts";
import type { MeshState } from "../schema.ts";
import { faultsView } from "./faults.ts";
import { flowOf } from "./flow-model.ts";
import { flowView } from "./flow.ts";
import { revisionsView } from "./revisions.ts";
import { rulesView } from "./rules.ts";
import { h, type Spec } from "../../../text/html.ts";
import { splitsView } from "./splits.ts";

/** The whole page below its head, drawn from the state of the mesh. */
export function pageView(state: MeshState): Spec[] {
  return [
    problemsView(state),
    h("section", { "aria-labelledby": "flow" }, h("h2", { id: "flow" }, "Flow"), flowView(flowOf(state))),
    h(
      "section",
      { "aria-labelledby": "splits" },
      h("h2", { id: "splits" }, "Planned and seen"),
      h("div", { class: "cards few" }, splitsView(state.services, state.nowMs)),
    ),
    h(
      "section",
      { "aria-labelledby": "revisions" },
      h("h2", { id: "revisions" }, "Revisions"),
      h("div", { class: "cards" }, revisionsView(state)),
    ),
    // Below the fault forms, so that they do not move when a fault is switched on.
    h("section", {}, faultsView(state.faults)),
    h(
      "section",
      { "aria-labelledby": "rules" },
      h("h2", { id: "rules" }, "Rules"),
      rulesView(state.rules),
      unroutedView(state),
    ),
  ];
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

function unroutedView({ unrouted }: MeshState): Spec | false {
  if (unrouted.requests === 0) return false;
  return h(
    "p",
    { class: "quiet" },
    `${counted(unrouted.requests, "request")} reached no revision in the last five minutes (${rate(unrouted.rate)}): no rule, a redirect, or an answer of the ingress itself.`,
  );
}
