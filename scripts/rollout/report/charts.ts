import type { Moment } from "../outcomes/timeline.ts";
import type { LineChart } from "../../chart/line-chart.ts";
import { count } from "../../format.ts";
import { roundTicks } from "../../chart/scale.ts";
import type { ReportData } from "./data.ts";

/** The charts of a report; empty without observations. */
export function chartsOf(data: ReportData): LineChart[] {
  const charts = data.course.length < 2 ? [] : [shares(data), ...evidence(data), errors(data)];
  return data.candidate.latency.length + data.baseline.latency.length === 0
    ? charts
    : [...charts, latency(data)];
}

function shares({ course, beganMs }: ReportData): LineChart {
  const windows = course.map((moment, i) => ({ moment, before: course[Math.max(0, i - 12)] ?? moment }));
  return {
    title: "Shares",
    about: "The candidate's share of the requests, as written and as seen.",
    curves: [
      {
        label: "written",
        ink: 1,
        dash: "",
        stepped: true,
        points: course.map(({ atMs, planned }) => ({ x: atMs - beganMs, y: planned })),
      },
      {
        label: "seen",
        ink: 2,
        dash: "2 3",
        points: windows.flatMap(({ moment, before }) => {
          const candidate = moment.candidate.requests - before.candidate.requests;
          const all = candidate + moment.baseline.requests - before.baseline.requests;
          return all < 10 ? [] : [{ x: moment.atMs - beganMs, y: (100 * candidate) / all }];
        }),
      },
    ],
    ...timeAxis(course, beganMs),
    yTicks: [0, 25, 50, 75, 100].map((at) => ({ at, label: `${at} %` })),
  };
}

const DASHES: Readonly<Record<string, string>> = {
  "no more errors": "",
  "no slower median": "7 4",
  "no slower p99": "2 3",
};

function evidence({ course, beganMs, settings }: ReportData): LineChart[] {
  const curve = (name: string) => {
    return course.flatMap(({ atMs, evidence: lines }) => {
      const found = lines.find((line) => line.name === name);
      return found === undefined ? [] : [{ x: atMs - beganMs, y: Math.max(0, found.value) }];
    });
  };
  const threshold = (name: string, otherwise: number): number =>
    course.at(-1)?.evidence.find((line) => line.name === name)?.threshold ?? otherwise;
  const worse = threshold("worse", Math.log(1 / settings.alpha));
  const fine = threshold("no more errors", Math.log(1 / settings.beta));
  return [
    {
      title: "Evidence that the candidate is worse",
      about: "The natural logarithm of the evidence; at the threshold it is rolled back.",
      curves: [{ label: "worse", ink: 3, dash: "", points: curve("worse") }],
      ...timeAxis(course, beganMs),
      yTicks: roundTicks(Math.max(worse, ...curve("worse").map(({ y }) => y))),
      threshold: { at: worse, label: "worse: rolled back" },
    },
    {
      title: "Evidence that it is not worse",
      about: "Restarts at each step; when all three reach the threshold, the next step may follow.",
      curves: Object.entries(DASHES).map(([name, dash], i) => {
        // Values far above the threshold would flatten the rest.
        const points = curve(name).map(({ x, y }) => ({ x, y: Math.min(y, fine * 1.6) }));
        return { label: name, ink: i === 0 ? 1 : 2, dash, points };
      }),
      ...timeAxis(course, beganMs),
      yTicks: roundTicks(fine * 1.6),
      threshold: { at: fine, label: "healthy: the next step may come", good: true },
    },
  ];
}

function errors({ course, beganMs, candidate, baseline }: ReportData): LineChart {
  const rate = (side: "candidate" | "baseline") => {
    return course.flatMap((moment) => {
      const { requests, errors: failed } = moment[side];
      return requests < 5 ? [] : [{ x: moment.atMs - beganMs, y: (100 * failed) / requests }];
    });
  };
  const [ours, theirs] = [rate("candidate"), rate("baseline")];
  return {
    title: "Errors so far",
    about: "The part of each revision's requests that failed, from the beginning.",
    curves: [
      { label: candidate.revision, ink: 1, dash: "", points: ours },
      { label: baseline.revision, ink: 2, dash: "7 4", points: theirs },
    ],
    ...timeAxis(course, beganMs),
    yTicks: roundTicks(Math.max(0.1, ...[...ours, ...theirs].map(({ y }) => y))).map(({ at, label }) => ({
      at,
      label: `${label} %`,
    })),
  };
}

/** A revision with fewer requests is drawn as points, because a line would suggest more knowledge. */
const FEW = 100;
/** Half the width of a bucket of the tally on the axis. */
const HALF_BUCKET = Math.log10(1.1) / 2;

/** Draws both histograms on a logarithmic scale of time: outlines, or points if there are few requests. */
function latency({ candidate, baseline }: ReportData): LineChart {
  const sides = [candidate, baseline].map((side) => {
    const points = side.latency.map(({ ms, part }) => ({ x: Math.log10(ms), y: 100 * part }));
    return { side, points, dotted: side.requests < FEW };
  });
  const all = sides.flatMap(({ points }) => points);
  const [from, to] = [
    Math.floor(Math.min(...all.map(({ x }) => x))),
    Math.ceil(Math.max(...all.map(({ x }) => x))),
  ];
  const every = to - from > 4 ? 2 : 1;
  const decades = Array.from(
    { length: Math.floor(Math.max(1, to - from) / every) + 1 },
    (_, i) => from + i * every,
  );
  const few = sides.some(({ dotted }) => dotted)
    ? ` A revision with fewer than ${FEW} requests has a point for each bucket that is not empty.`
    : "";
  return {
    title: "Latency",
    about: `How many percent of each revision's requests took how long, in buckets of a tenth.${few}`,
    curves: sides.map(({ side, points, dotted }, i) => ({
      label: `${side.revision}, n = ${count(side.requests)}`,
      ink: i === 0 ? 1 : 2,
      dash: i === 0 ? "" : "7 4",
      stepped: !dotted,
      dotted,
      points: dotted ? points : outline(points),
    })),
    xAxis: "time of a request, logarithmic",
    xTicks: decades.map((at) => ({
      at,
      label: at >= 3 ? `${10 ** (at - 3)} s` : `${Number((10 ** at).toPrecision(2))} ms`,
    })),
    yTicks: roundTicks(Math.max(1, ...all.map(({ y }) => y))).map(({ at, label }) => ({
      at,
      label: `${label} %`,
    })),
  };
}

/** Returns the outline of a histogram through the middles of its buckets, down to 0 at empty buckets. */
function outline(points: readonly { x: number; y: number }[]): { x: number; y: number }[] {
  return points.flatMap(({ x, y }, i) => {
    const before = points[i - 1];
    const after = points[i + 1];
    const begins = before === undefined || x - before.x > 3 * HALF_BUCKET;
    const ends = after === undefined || after.x - x > 3 * HALF_BUCKET;
    return [
      ...(begins ? [{ x: x - HALF_BUCKET, y: 0 }] : []),
      { x: x - HALF_BUCKET, y },
      ...(ends ? [{ x: x + HALF_BUCKET, y: 0 }] : []),
    ];
  });
}

/** Seconds between two labels of a time axis. */
const TIME_STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 43_200, 86_400];

/** Returns the axis of time since the rollout began, with a mark for each written share. */
function timeAxis(course: readonly Moment[], beganMs: number): Pick<LineChart, "xAxis" | "xTicks" | "marks"> {
  const seconds = ((course.at(-1)?.atMs ?? beganMs) - beganMs) / 1_000;
  const step = TIME_STEPS.find((each) => seconds / each <= 6) ?? 86_400 * Math.ceil(seconds / 86_400 / 6);
  const ticks = Array.from({ length: Math.floor(seconds / step) + 1 }, (_, i) => i * step);
  return {
    xAxis: "time since the rollout began",
    xTicks: ticks.map((at) => ({ at: at * 1_000, label: timeLabel(at) })),
    marks: course.flatMap(({ atMs, planned }, i) =>
      planned === (course[i - 1]?.planned ?? 0) ? [] : [{ at: atMs - beganMs, label: `${planned} %` }],
    ),
  };
}

/** Formats seconds as `45 s`, `1:30 min`, `2 min`, `1:30 h`. */
function timeLabel(seconds: number): string {
  if (seconds < 60) return `${seconds} s`;
  const [unit, name] = seconds < 3_600 ? [60, "min"] : [3_600, "h"];
  const rest = Math.round(((seconds % unit) * 60) / unit);
  const whole = Math.floor(seconds / unit);
  return rest === 0 ? `${whole} ${name}` : `${whole}:${String(rest).padStart(2, "0")} ${name}`;
}
