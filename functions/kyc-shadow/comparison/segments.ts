/** A field of the request that defines segments. */
export interface SegmentField {
  readonly name: string;
  /** `age`: a date becomes a band of ages. */
  readonly as: "value" | "age";
}

const SEGMENT = /^([A-Za-z_][\w-]{0,63})(:age)?$/;

/** Parses a list such as `nationality,dateOfBirth:age`; undefined if it is invalid. */
export function readSegments(text: string): SegmentField[] | undefined {
  const found = text.split(",").flatMap((item): SegmentField[] => {
    const [, name, as] = SEGMENT.exec(item.trim()) ?? [];
    return name === undefined ? [] : [{ name, as: as === undefined ? "value" : "age" }];
  });
  return text === "" ? [] : found.length === text.split(",").length ? found : undefined;
}

const SHORT = /^[A-Za-z0-9_.+-]{1,24}$/;

/**
 * The segment of a request for each field. A value that is not a short word is `other`, because values are stored and shown.
 * @param today as YYYY-MM-DD
 */
export function segmentsOf(
  body: unknown,
  fields: readonly SegmentField[],
  today: string,
): { field: string; value: string }[] {
  const object = typeof body === "object" && body !== null ? new Map(Object.entries(body)) : new Map();
  return fields.map(({ name, as }) => {
    const value: unknown = object.get(name);
    if (as === "age") return { field: name, value: ageBand(value, today) };
    if (value === undefined || value === null) return { field: name, value: "none" };
    const text = typeof value === "object" ? "" : String(value);
    return { field: name, value: SHORT.test(text) ? text : "other" };
  });
}

const BANDS: readonly (readonly [number, string])[] = [
  [18, "under 18"],
  [25, "18 to 24"],
  [40, "25 to 39"],
  [60, "40 to 59"],
];

function ageBand(value: unknown, today: string): string {
  if (value === undefined || value === null) return "none";
  const [, year, rest] = /^(\d{4})-(\d{2}-\d{2})$/.exec(String(value)) ?? [];
  if (year === undefined || rest === undefined) return "other";
  const age = Number(today.slice(0, 4)) - Number(year) - (today.slice(5) < rest ? 1 : 0);
  return BANDS.find(([below]) => age < below)?.[1] ?? "60 and over";
}
