/** Maps a value to its position on an axis, in units of the picture, rounded to a tenth. */
export type Scale = (value: number) => number;

/** The two ends of a range. */
export type Range = readonly [from: number, to: number];

/** A mark on an axis. */
export interface Tick {
  at: number;
  label: string;
}

/** The linear scale that maps the range `values` to the range `places`. */
export function linear([from, to]: Range, [start, end]: Range): Scale {
  const span = to - from || 1;
  return (value) => tenth(start + ((value - from) / span) * (end - start));
}

/** The same on a logarithmic scale; values below the first tick have its position. */
export function logarithmic([from, to]: Range, places: Range): Scale {
  const scale = linear([0, Math.log(to / from)], places);
  return (value) => scale(Math.log(Math.max(value, from) / from));
}

/** About four round numbers from 0 to at least `most`. */
export function roundTicks(most: number): Tick[] {
  const rough = most / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((each) => each * power).find((each) => each >= rough) ?? rough;
  return Array.from({ length: Math.ceil(most / step) + 1 }, (_, i) => ({
    at: i * step,
    label: String(Number((i * step).toPrecision(6))),
  }));
}

/** A number rounded to a tenth: higher precision is invisible and makes files larger. */
export function tenth(value: number): number {
  return Math.round(value * 10) / 10;
}
