import type { FaultChange } from "../../faults/fault.ts";
import type { MeshState } from "../schema.ts";
import { h, type Spec } from "../../../text/html.ts";

type FaultsState = MeshState["faults"];
type Fault = FaultsState["faults"][number];

/** A short description of a fault. */
export function faultText({ error, delay }: Fault): string {
  const parts = [
    ...(error === undefined ? [] : [`${error.percent} % answer ${error.status}`]),
    ...(delay === undefined
      ? []
      : [`${delay.percent === 100 ? "all" : `${delay.percent} %`} wait ${delay.ms} ms`]),
  ];
  return parts.join(", ");
}

/** The form that sets and clears a revision's fault; `browser/main.ts` sends it. */
export function faultForm(service: string, revision: string, fault: Fault | undefined): Spec {
  const id = (field: string): string => `${field}-${service}-${revision}`;
  return h(
    "details",
    { class: "fault", "data-key": "fault" },
    h("summary", {}, "Fault", h("span", { class: "hidden" }, ` of ${revision}`)),
    h(
      "form",
      { "data-service": service, "data-revision": revision, "aria-label": `Fault of ${revision}` },
      field(id("error"), "error", "fail", "%", {
        min: 0,
        max: 100,
        step: "any",
        value: fault?.error?.percent ?? 5,
      }),
      field(id("status"), "status", "with status", "", {
        min: 200,
        max: 599,
        step: 1,
        value: fault?.error?.status ?? 503,
      }),
      field(id("delay"), "delay", "wait", "ms", {
        min: 0,
        max: 3_600_000,
        step: 1,
        value: fault?.delay?.ms ?? 0,
      }),
      h(
        "div",
        { class: "buttons" },
        h("button", { type: "submit", name: "switch", value: "on" }, "Switch on"),
        h(
          "button",
          { type: "submit", name: "switch", value: "off", disabled: fault === undefined },
          "Switch off",
        ),
      ),
    ),
  );
}

/** The values of a fault's form. A percentage or a delay of 0 means none. */
export interface FaultFields {
  /** Percent of the requests. */
  error: number;
  status: number;
  /** Milliseconds. */
  delay: number;
}

/** Returns the change that a form requests: with fields it sets a fault, without them it clears the named ones. */
export function changeOf(
  fields: FaultFields | undefined,
  { service, revision }: { service: string | undefined; revision: string | undefined },
): FaultChange {
  if (fields === undefined || service === undefined || revision === undefined) {
    return {
      clear: { ...(service !== undefined && { service }), ...(revision !== undefined && { revision }) },
    };
  }
  const { error, status, delay } = fields;
  return {
    set: {
      service,
      revision,
      ...(error > 0 && { error: { percent: error, status } }),
      ...(delay > 0 && { delay: { percent: 100, ms: delay } }),
    },
  };
}

/** The active faults, with the equivalent configuration; empty without any. */
export function faultsView({ faults, yaml }: FaultsState): Spec[] {
  if (faults.length === 0) return [];
  return [
    h("h2", { id: "faults" }, "Faults"),
    h(
      "p",
      {},
      "Switched on by hand and kept in memory. They apply at the last hop before the revision, to requests of every caller; no file changed.",
    ),
    h("pre", { tabindex: 0, "aria-labelledby": "faults" }, yaml),
    h(
      "form",
      { "data-clear": "all", "aria-label": "All faults" },
      h("button", { type: "submit", name: "switch", value: "off" }, "Switch all off"),
    ),
  ];
}

function field(
  id: string,
  name: string,
  label: string,
  unit: string,
  attributes: Record<string, string | number>,
): Spec {
  return h(
    "label",
    { for: id },
    h("span", {}, label),
    h("input", { id, name, type: "number", inputmode: "decimal", required: true, ...attributes }),
    unit !== "" && h("span", {}, unit),
  );
}
