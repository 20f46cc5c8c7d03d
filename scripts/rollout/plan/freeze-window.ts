/** A period of the week in which no step begins, in a time zone. */
export interface FreezeWindow {
  /** Minutes since Monday 00:00; `to` may be before `from`, across the end of the week. */
  from: number;
  to: number;
  /** Whether the period is the same on each day; then the minutes count from the start of the day. */
  daily: boolean;
  /** An IANA time zone. */
  zone: string;
}

const DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const DAY_MINUTES = 24 * 60;
const WEEK_MINUTES = 7 * DAY_MINUTES;
const FORM = /^(?:(\w{3}) )?([0-2]?\d):([0-5]\d) ?- ?(?:(\w{3}) )?([0-2]?\d):([0-5]\d)(?: (\S+))?$/;

/**
 * Parses `Fri 16:00-Mon 08:00 Europe/Berlin` or, for each day, `22:00-06:00`. The default zone is UTC.
 * @returns the window, or an error message
 */
export function parseFreezeWindow(text: string): FreezeWindow | { problem: string } {
  const parts = FORM.exec(text.trim());
  if (parts === null)
    return {
      problem: `${text} is not a freeze window; write it as 'Fri 16:00-Mon 08:00 Europe/Berlin' or '22:00-06:00'`,
    };
  const [, fromDay, fromHour, fromMinute, toDay, toHour, toMinute, zone = "UTC"] = parts;
  if ((fromDay === undefined) !== (toDay === undefined))
    return { problem: `${text} names a day on one side only; name it on both or on neither` };
  const from = minuteOf(fromDay, Number(fromHour), Number(fromMinute));
  const to = minuteOf(toDay, Number(toHour), Number(toMinute));
  if (from === undefined || to === undefined)
    return { problem: `${text}: days are ${DAYS.map(capital).join(", ")}, and hours go from 00:00 to 23:59` };
  if (from === to) return { problem: `${text} begins and ends at the same minute` };
  if (!isZone(zone)) return { problem: `${text}: ${zone} is not a time zone, such as Europe/Berlin or UTC` };
  return { from, to, daily: fromDay === undefined, zone };
}

/**
 * Returns the end of the windows that contain a moment, in milliseconds since the epoch; undefined outside of all
 * windows.
 */
export function frozenUntil(windows: readonly string[], atMs: number): number | undefined {
  const ends = windows.flatMap((text) => {
    const window = parseFreezeWindow(text);
    return "problem" in window ? [] : (endOf(window, atMs) ?? []);
  });
  return ends.length === 0 ? undefined : Math.max(...ends);
}

/**
 * Returns the end of a window that contains a moment. A daylight saving change within the window moves the end by
 * that hour.
 */
function endOf({ from, to, daily, zone }: FreezeWindow, atMs: number): number | undefined {
  const length = daily ? DAY_MINUTES : WEEK_MINUTES;
  const now = minuteOfWeek(atMs, zone) % length;
  const sinceStart = (now - from + length) % length;
  const duration = (to - from + length) % length;
  if (sinceStart >= duration) return undefined;
  return Math.floor(atMs / 60_000) * 60_000 + (duration - sinceStart) * 60_000;
}

function minuteOf(day: string | undefined, hour: number, minute: number): number | undefined {
  const index = day === undefined ? 0 : DAYS.indexOf(day.toLowerCase());
  return index < 0 || hour > 23 ? undefined : index * DAY_MINUTES + hour * 60 + minute;
}

function minuteOfWeek(atMs: number, zone: string): number {
  const format = new Intl.DateTimeFormat("en-GB", {
    timeZone: zone,
    weekday: "short",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  });
  const parts = new Map(format.formatToParts(atMs).map(({ type, value }) => [type, value]));
  return minuteOf(parts.get("weekday"), Number(parts.get("hour")), Number(parts.get("minute"))) ?? 0;
}

function isZone(zone: string): boolean {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: zone }) !== undefined;
  } catch {
    return false;
  }
}

function capital(day: string): string {
  return `${day.slice(0, 1).toUpperCase()}${day.slice(1)}`;
}
