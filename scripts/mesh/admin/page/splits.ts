import { counted, passed, percent as percentText } from "../../../format.ts";
import type { ServiceState, SplitState } from "../schema.ts";
import { h, type Spec } from "../../../text/html.ts";

/** A revision in a split, with its planned and its observed share. */
export interface Share {
  revision: string;
  tags: string[];
  /** Planned, from 0 to 100. */
  percent: number;
  count: number;
  /** The number of distinct buckets, if a header decides. */
  buckets?: number;
  share: number;
  low: number;
  high: number;
}

/** The planned and the observed share of each revision of a split. */
export function sharesOf({ targets, observed }: SplitState): Share[] {
  return observed.revisions.map((seen) => {
    const own = targets.filter(({ revision }) => revision === seen.revision);
    return {
      ...seen,
      tags: own.flatMap(({ tag }) => tag ?? []),
      percent: own.reduce((sum, { percent }) => sum + percent, 0),
    };
  });
}

/** Whether the planned share is within the observed interval. At 0 % and 100 % every request must agree. */
export function isAsPlanned({ percent, count, low, high }: Share, requests: number): boolean {
  if (percent === 0) return count === 0;
  if (percent === 100) return count === requests;
  return low <= percent / 100 && percent / 100 <= high;
}

/** The splits of the services with several revisions. */
export function splitsView(services: readonly ServiceState[], nowMs: number): Spec[] {
  return services
    .filter(({ revisions }) => revisions.length > 1)
    .flatMap((service) => service.splits.map((split) => splitView(service, split, nowMs)));
}

function splitView(service: ServiceState, split: SplitState, nowMs: number): Spec {
  const { observed } = split;
  const role = split.deciding ? "decides" : "splits requests to its own host only";
  return h(
    "article",
    { class: split.deciding ? "card" : "card aside" },
    h("h3", {}, service.name, h("span", { class: "badge" }, `${split.by} ${role}`)),
    h("p", { class: "quiet" }, split.object, ", ", h("code", {}, split.route)),
    h(
      "ul",
      { class: "shares" },
      sharesOf(split).map((share) => shareView(share, observed.requests)),
    ),
    h(
      "p",
      { class: "quiet" },
      `${counted(observed.requests, "request")} in the ${passed(nowMs - observed.sinceMs)} since these shares apply; `,
      `Wilson intervals, ${percentText(observed.confidence)} confidence.`,
    ),
    split.header !== undefined && h("p", { class: "quiet" }, bucketsText(split.header, sharesOf(split))),
  );
}

/** Shows the shares of the observed buckets, which do not depend on the number of requests per applicant. */
function bucketsText(header: string, shares: readonly Share[]): string {
  const seen = shares.reduce((sum, { buckets = 0 }) => sum + buckets, 0);
  if (seen === 0) return `By the buckets of ${header}; no request had one yet.`;
  const parts = shares.map(({ revision, buckets = 0 }) => `${revision} ${percentText(buckets / seen)}`);
  return `By the buckets of ${header}. Of ${counted(seen, "bucket")} seen, so of the applicants: ${parts.join(", ")}.`;
}

function shareView(share: Share, requests: number): Spec {
  const { revision, tags, percent, count } = share;
  return h(
    "li",
    {},
    h(
      "div",
      { class: "row" },
      h("strong", {}, revision),
      tags.map((tag) => h("span", { class: "tag" }, tag)),
      verdict(share, requests),
    ),
    bar(share, requests),
    h(
      "p",
      { class: "numbers" },
      h("span", {}, `planned ${percentText(percent / 100)}`),
      h("span", {}, `seen ${requests === 0 ? "–" : percentText(share.share)}`),
      h("span", {}, requests === 0 ? "" : `${percentText(share.low)} to ${percentText(share.high)}`),
      h("span", {}, counted(count, "request")),
    ),
  );
}

function verdict(share: Share, requests: number): Spec | false {
  if (requests === 0) return h("span", { class: "badge" }, "no request yet");
  if (isAsPlanned(share, requests)) return h("span", { class: "badge good" }, "✓ as planned");
  return h("span", { class: "badge bad" }, "✕ not as planned");
}

/** Draws the planned and the observed share on one scale from 0 to 100 %. */
function bar(share: Share, requests: number): Spec {
  const at = (value: number): string => (Math.round(value * 1000) / 10).toString();
  const planned = share.percent / 100;
  const seen =
    requests === 0
      ? "nothing seen"
      : `seen ${percentText(share.share)}, between ${percentText(share.low)} and ${percentText(share.high)}`;
  return h(
    "svg",
    {
      class: "bar",
      viewBox: "0 0 100 10",
      preserveAspectRatio: "none",
      role: "img",
      "aria-label": `${share.revision}: planned ${percentText(share.percent / 100)}, ${seen}`,
    },
    h("rect", { class: "track", x: 0, y: 2, width: 100, height: 6 }),
    requests > 0 && [
      h("rect", { class: "seen", x: 0, y: 2, width: at(share.share), height: 6 }),
      h("rect", { class: "interval", x: at(share.low), y: 4, width: at(share.high - share.low), height: 2 }),
    ],
    h("path", { class: "planned", d: `M${at(planned)} 0V10` }),
  );
}
