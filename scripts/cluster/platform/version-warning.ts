import type { Range } from "./versions.ts";

/** `major.minor` of a version as people and programs write it: `v1.34.4+k3s1`, `1.15.2`. */
function minorOf(version: string): [number, number] | undefined {
  const [, major, minor] = /^v?([0-9]+)\.([0-9]+)/.exec(version) ?? [];
  return major === undefined || minor === undefined ? undefined : [Number(major), Number(minor)];
}

/** What to tell about a version that is not among those that are known to work; nothing where it is. */
export function versionWarning(what: string, version: string | undefined, { from, to }: Range): string[] {
  const known = version === undefined ? undefined : minorOf(version);
  if (known === undefined)
    return [
      `the version of ${what} cannot be told (${version ?? "nothing says it"}); ${from} to ${to} are tested`,
    ];
  const [low, high] = [minorOf(from), minorOf(to)];
  if (low === undefined || high === undefined) throw new Error(`${from} to ${to} is no range`);
  const isIn = compare(known, low) >= 0 && compare(known, high) <= 0;
  return isIn ? [] : [`${what} ${version} is outside what is tested, ${from} to ${to}`];
}

function compare(a: readonly [number, number], b: readonly [number, number]): number {
  return a[0] - b[0] || a[1] - b[1];
}
