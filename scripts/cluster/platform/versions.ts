/** A released file, known by its content. */
export interface ReleaseFile {
  /** The name of the file in the cache and in KYC_PLATFORM_DIR. */
  name: string;
  url: string;
  sha256: string;
}

/** Versions that are known to work, from one to another, both included; the patch does not count. */
export interface Range {
  from: string;
  to: string;
}

// The Knative operator keeps every release of Serving and of its networking layers; a tag of it never changes.
const OPERATOR = "https://raw.githubusercontent.com/knative/operator/v0.42.2/cmd/operator/kodata";

/**
 * The versions that `up` installs, and the versions that are known to work. All version numbers are here. Tested end
 * to end are Kubernetes 1.34, Istio 1.31 and Knative 1.15; the rest of each range follows from their makers' support
 * matrices, and from the needs of our files.
 */
export const PLATFORM = {
  kubernetes: {
    install: "1.34.0",
    // Knative Serving 1.15 refuses to start on anything older; the end-to-end test runs on the newest.
    range: { from: "1.28", to: "1.34" },
  },
  istio: {
    install: "1.30.0",
    // networking.istio.io/v1, in which our files are written, is there since 1.22.
    range: { from: "1.22", to: "1.31" },
  },
  serving: {
    install: "1.15.2",
    range: { from: "1.15", to: "1.20" },
    file: {
      name: "2-serving-core.yaml",
      url: `${OPERATOR}/knative-serving/1.15.2/2-serving-core.yaml`,
      sha256: "0fd68c013ae23fa30fedf9f040af4630bd91be57cfdbbe26b8e4c7f842d4ba3a",
    },
  },
  netIstio: {
    install: "1.15.1",
    file: {
      name: "net-istio.yaml",
      url: `${OPERATOR}/ingress/1.15/istio/net-istio.yaml`,
      sha256: "ab3ccb27575f717838b920a4f7828531edaf5899339e6bb3ea2e4a273c0db8bf",
    },
  },
} as const satisfies Record<string, { install: string; range?: Range; file?: ReleaseFile }>;

/** Returns `major.minor` of a version in any usual notation: `v1.34.4+k3s1`, `1.15.2`. */
function minorOf(version: string): [number, number] | undefined {
  const [, major, minor] = /^v?([0-9]+)\.([0-9]+)/.exec(version) ?? [];
  return major === undefined || minor === undefined ? undefined : [Number(major), Number(minor)];
}

/**
 * Returns the version in an image's tag: `1.31.0` for `docker.io/istio/pilot:1.31.0@sha256:…`; undefined if it has
 * none.
 */
export function versionOfImage(image: string | undefined): string | undefined {
  return /:v?([0-9]+\.[0-9]+[^@/]*)(@|$)/.exec(image ?? "")?.[1];
}

/** The version in a label that names a Helm chart: `1.31.0` of `base-1.31.0`. */
export function versionOfChart(chart: string | undefined): string | undefined {
  return /-v?([0-9]+\.[0-9]+\S*)$/.exec(chart ?? "")?.[1];
}

/**
 * Returns the first of several texts that is a version. The placeholder of Istio's charts that were built from source
 * is not one.
 */
export function firstVersion(...told: readonly (string | undefined)[]): string | undefined {
  return told.find((text) => text !== undefined && text !== "1.0.0" && minorOf(text) !== undefined);
}

/**
 * Returns a warning about a version that is not known to work; none for a known one.
 * @param atLeast the minimum that the API shows if nothing has the version
 */
export function versionWarning(
  what: string,
  version: string | undefined,
  { from, to }: Range,
  atLeast?: string | undefined,
): string[] {
  const known = version === undefined ? undefined : minorOf(version);
  if (version === undefined && atLeast !== undefined)
    return [
      `${what} is ${atLeast} or newer, as its API shows; no label or image tag gives the version, and ${from} to ${to} are tested`,
    ];
  if (known === undefined)
    return [
      `the version of ${what} is unknown (${version ?? "no label or image tag gives it"}); ${from} to ${to} are tested`,
    ];
  const [low, high] = [minorOf(from), minorOf(to)];
  if (low === undefined || high === undefined) throw new Error(`${from} to ${to} is not a range`);
  const isIn = compare(known, low) >= 0 && compare(known, high) <= 0;
  return isIn ? [] : [`${what} ${version} is not among the tested versions, ${from} to ${to}`];
}

function compare(a: readonly [number, number], b: readonly [number, number]): number {
  return a[0] - b[0] || a[1] - b[1];
}
