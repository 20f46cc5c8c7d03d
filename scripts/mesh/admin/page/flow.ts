import { type Flow, type FlowEdge, type FlowNode, flowSentence } from "./flow-model.ts";
import { h, type Spec } from "../../../text/html.ts";

interface Box {
  node: FlowNode;
  x: number;
  y: number;
  width: number;
  height: number;
}

interface Placed {
  boxes: Box[];
  width: number;
  height: number;
}

const LINE = 17;
const PADDING = 12;
// The distance below a box of an edge that passes it.
const BELOW = 18;

/** The picture in two layouts, for wide and for narrow windows; the style sheet shows one of them. */
export function flowView(flow: Flow): Spec[] {
  return [
    picture(flow, beside(flow.nodes), "wide", acrossPath),
    picture(flow, below(flow.nodes), "narrow", downPath),
  ];
}

function picture(flow: Flow, placed: Placed, kind: string, path: (from: Box, to: Box) => string): Spec {
  const boxes = new Map(placed.boxes.map((box) => [box.node.id, box]));
  return h(
    "svg",
    {
      class: `flow ${kind}`,
      viewBox: `0 0 ${placed.width} ${placed.height}`,
      role: "img",
      "aria-label": `How requests go. ${flowSentence(flow)}`,
    },
    flow.edges.flatMap((edge): Spec[] => {
      const [from, to] = [boxes.get(edge.from), boxes.get(edge.to)];
      return from === undefined || to === undefined ? [] : [edgeView(edge, path(from, to))];
    }),
    placed.boxes.map(boxView),
  );
}

function edgeView({ rate }: FlowEdge, d: string): Spec {
  // The width grows by 1 with each factor of 10 of the rate.
  const width = rate === 0 ? 1.5 : 2 + Math.min(4, Math.log10(1 + rate));
  return h("path", { class: rate === 0 ? "edge still" : "edge", d, "stroke-width": width.toFixed(1) });
}

function boxView({ node, x, y, width, height }: Box): Spec {
  const line = (i: number): number => y + PADDING + (i + 1) * LINE - 5;
  return h(
    "g",
    { class: `node ${node.kind} state-${(node.state ?? "none").replace(" ", "-")}` },
    h("rect", { x, y, width, height, rx: 8 }),
    h("text", { class: "title", x: x + PADDING, y: line(0) }, node.title),
    node.lines.map((text, i) => h("text", { x: x + PADDING, y: line(i + 1) }, shortened(text, width))),
  );
}

/** Places columns from left to right, each vertically centred. */
function beside(nodes: readonly FlowNode[]): Placed {
  const columns = 1 + Math.max(0, ...nodes.map(({ column }) => column));
  const [width, gap, between] = [236, 60, 20];
  const heights = Array.from({ length: columns }, (_, column) => {
    const own = nodes.filter((node) => node.column === column).map(heightOf);
    return own.reduce((sum, height) => sum + height + between, -between);
  });
  const height = Math.max(...heights.map((own, i) => own + (i === 0 ? 2 * BELOW : 0)));
  const next = heights.map((own) => (height - own) / 2);
  const boxes = nodes.map((node): Box => {
    const y = next[node.column] ?? 0;
    next[node.column] = y + heightOf(node) + between;
    return { node, x: 2 + node.column * (width + gap), y: y + 2, width, height: heightOf(node) };
  });
  return { boxes, width: columns * (width + gap) - gap + 4, height: height + 4 };
}

/** Places boxes one below the other, each step further indented. */
function below(nodes: readonly FlowNode[]): Placed {
  const [width, indent, between] = [340, 18, 16];
  let y = 2;
  const boxes = nodes.map((node): Box => {
    const x = 2 + node.column * indent;
    const box = { node, x, y, width: width - x - 2, height: heightOf(node) };
    y += box.height + between;
    return box;
  });
  return { boxes, width, height: y - between + 2 };
}

function heightOf({ lines }: FlowNode): number {
  return 2 * PADDING + (lines.length + 1) * LINE;
}

function acrossPath(from: Box, to: Box): string {
  const [x1, y1] = [from.x + from.width, from.y + from.height / 2];
  const [x2, y2] = [to.x, to.y + to.height / 2];
  const middle = (x1 + x2) / 2;
  // Edges that skip a column run below it.
  if (to.node.column - from.node.column > 1) {
    const [left, right] = [x1 - 40, x2 + 40];
    const [leftEnd, rightEnd] = [from.y + from.height, to.y + to.height];
    const low = Math.max(leftEnd, rightEnd) + BELOW;
    return `M${left} ${leftEnd}C${left} ${low} ${left} ${low} ${x1 + 20} ${low}H${x2 - 20}C${right} ${low} ${right} ${low} ${right} ${rightEnd}`;
  }
  return `M${x1} ${y1}C${middle} ${y1} ${middle} ${y2} ${x2} ${y2}`;
}

function downPath(from: Box, to: Box): string {
  const x = from.x + 9;
  return `M${x} ${from.y + from.height}V${to.y + to.height / 2}H${to.x}`;
}

/** Shortens a text to fit a box, by the average width of a letter. */
function shortened(text: string, width: number): string {
  const letters = Math.floor((width - 2 * PADDING) / 6.6);
  return text.length <= letters ? text : `…${text.slice(text.length - letters + 1)}`;
}
