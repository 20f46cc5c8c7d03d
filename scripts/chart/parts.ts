import { h, type Spec } from "../text/html.ts";
import { type Scale, tenth, type Tick } from "./scale.ts";

/** The part of a picture between its axes, in the picture's units. */
export interface Area {
  left: number;
  right: number;
  top: number;
  bottom: number;
}

/** A picture that scales with the page. @param about its text alternative */
export function picture(
  [width, height]: readonly [number, number],
  about: string,
  parts: readonly (Spec | false)[],
  attributes: Readonly<Record<string, string | number>> = {},
): Spec {
  return h(
    "svg",
    { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": about, ...attributes },
    parts,
  );
}

/** Text in a picture, at its baseline. */
export function label(
  x: number,
  y: number,
  text: string,
  anchor: "start" | "middle" | "end" = "start",
  attributes: Readonly<Record<string, string | undefined>> = {},
): Spec {
  return h("text", { x: tenth(x), y: tenth(y), "text-anchor": anchor, ...attributes }, text);
}

/** The axis of values: a line across the area at each tick, and its label on the left. */
export function valueAxis(ticks: readonly Tick[], y: Scale, { left, right }: Area): Spec[] {
  return ticks.flatMap(({ at, label: text }) => [
    h("line", { class: "grid", x1: left, x2: right, y1: y(at), y2: y(at) }),
    label(left - 6, y(at) + 4, text, "end"),
  ]);
}

/** The labels below the area, each below its tick. Those at the area's ends are drawn inwards unless `centred`. */
export function baseAxis(
  ticks: readonly Tick[],
  x: Scale,
  { bottom, left, right }: Pick<Area, "bottom" | "left" | "right">,
  centred = false,
): Spec[] {
  return ticks.map(({ at, label: text }) => {
    const place = x(at);
    const inwards = place < left + 12 ? "start" : place > right - 16 ? "end" : "middle";
    return label(place, bottom + 16, text, centred ? "middle" : inwards);
  });
}

/** A point of a curve, in the picture's units; undefined if there is no value. */
export type Point = readonly [x: number, y: number] | undefined;

/** The path of a curve, with a gap if there is no value. @param stepped whether a value stays until the next one */
export function curvePath(points: readonly Point[], stepped = false): string {
  let path = "";
  let drawing = false;
  for (const point of points) {
    if (point === undefined) {
      drawing = false;
      continue;
    }
    const [x, y] = point;
    // A single value would be a line of length 0, which is invisible.
    if (!drawing) path += `M${x} ${y}h0.5`;
    else path += stepped ? `H${x}V${y}` : `L${x} ${y}`;
    drawing = true;
  }
  return path;
}
