import type { Moment } from "../run/timeline.ts";
import type { LineChart } from "../../chart/line-chart.ts";
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
    xTicks: timeTicks(course, beganMs),
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
      xTicks: timeTicks(course, beganMs),
      yTicks: roundTicks(Math.max(worse, ...curve("worse").map(({ y }) => y))),
      threshold: { at: worse, label: "rolled back" },
    },
    {
      title: "Evidence that it is not worse",
      about: "Restarts at each step; when all three reach the threshold, the next step may follow.",
      curves: Object.entries(DASHES).map(([name, dash], i) => {
        // Values far beyond the threshold would flatten the rest.
        const points = curve(name).map(({ x, y }) => ({ x, y: Math.min(y, fine * 1.6) }));
        return { label: name, ink: i === 0 ? 1 : 2, dash, points };
      }),
      xTicks: timeTicks(course, beganMs),
      yTicks: roundTicks(fine * 1.6),
      threshold: { at: fine, label: "healthy" },
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
    xTicks: timeTicks(course, beganMs),
    yTicks: roundTicks(Math.max(0.1, ...[...ours, ...theirs].map(({ y }) => y))).map(({ at, label }) => ({
      at,
      label: `${label} %`,
    })),
  };
}

/** Outlines of both histograms, on a logarithmic scale of time. */
function latency({ candidate, baseline }: ReportData): LineChart {
  const outline = (side: ReportData["candidate"]) => {
    return side.latency.map(({ ms, part }) => ({ x: Math.log10(ms), y: 100 * part }));
  };
  const [ours, theirs] = [outline(candidate), outline(baseline)];
  const all = [...ours, ...theirs];
  const [from, to] = [
    Math.floor(Math.min(...all.map(({ x }) => x))),
    Math.ceil(Math.max(...all.map(({ x }) => x))),
  ];
  const every = to - from > 4 ? 2 : 1;
  const decades = Array.from(
    { length: Math.floor(Math.max(1, to - from) / every) + 1 },
    (_, i) => from + i * every,
  );
  return {
    title: "Latency",
    about: "How many percent of each revision's requests took how long; buckets of a tenth.",
    curves: [
      { label: candidate.revision, ink: 1, dash: "", points: ours },
      { label: baseline.revision, ink: 2, dash: "7 4", points: theirs },
    ],
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

function timeTicks(course: readonly Moment[], beganMs: number): LineChart["xTicks"] {
  const last = (course.at(-1)?.atMs ?? beganMs) - beganMs;
  const first = (course[0]?.atMs ?? beganMs) - beganMs;
  return [0, 0.25, 0.5, 0.75, 1].map((part) => {
    const at = first + part * (last - first);
    const seconds = at / 1000;
    if (at >= 600_000) return { at, label: `${Math.round(at / 60_000)} min` };
    return { at, label: `${last - first < 20_000 ? seconds.toFixed(1) : Math.round(seconds)} s` };
  });
}
