import { count, counted, ms, passed, percent, time } from "../../../format.ts";
import { h, type Spec } from "../../../text/html.ts";
import type { RolloutState } from "../schema.ts";

type Evidence = NonNullable<RolloutState["verdict"]>["evidence"][number];

const OUTCOMES: Readonly<Record<RolloutState["outcome"], { mark: string; kind: string }>> = {
  "under way": { mark: "◐ under way", kind: "" },
  promoted: { mark: "✓ promoted", kind: "good" },
  "rolled back": { mark: "✕ rolled back", kind: "bad" },
  held: { mark: "✕ held", kind: "bad" },
};

const STEPS: Readonly<Record<RolloutState["steps"][number]["state"], string>> = {
  done: "✓",
  now: "▶",
  "to come": "○",
};

const VERDICTS = {
  healthy: { words: "✓ not worse than the baseline, as far as tolerated", kind: "good" },
  regressed: { words: "✕ worse than the baseline", kind: "bad" },
  undecided: { words: "◐ not decided yet", kind: "" },
} as const;

/** The consequence of each statement once it is proved, and whether it ends the rollout. */
const STATEMENTS: Readonly<Record<string, { words: string; kind: "good" | "bad" }>> = {
  worse: { words: "worse than the baseline: rolled back", kind: "bad" },
  "no more errors": { words: "no more errors", kind: "good" },
  "no slower median": { words: "no slower median", kind: "good" },
  "no slower p99": { words: "no slower 99 %", kind: "good" },
};

/** Shows a rollout: its phase, its steps, both revisions, the verdict so far and the next step. */
export function rolloutView(rollout: RolloutState, nowMs: number): Spec {
  const { service, candidate, baseline, outcome, doing, sinceMs, steps, share } = rollout;
  const { mark, kind } = OUTCOMES[outcome];
  const isUnderWay = outcome === "under way";
  return h(
    "article",
    { class: "card rollout", "aria-label": `Rollout of ${service}`, "data-key": rollout.id },
    h(
      "h3",
      {},
      `${service}: ${baseline.revision} → ${candidate.revision}`,
      h("span", { class: `badge ${kind}` }, mark),
    ),
    h("p", {}, h("strong", {}, doing), `, for ${passed(nowMs - sinceMs)}`),
    h(
      "ol",
      { class: "steps", "aria-label": "The candidate's shares" },
      steps.map(({ percent: share, state }) =>
        h(
          "li",
          { class: state.replace(" ", "-"), "aria-current": state === "now" && "step" },
          `${STEPS[state]} ${stepText(share)}`,
          h("span", { class: "hidden" }, ` ${state}`),
        ),
      ),
    ),
    h("p", { class: "quiet", hidden: !isUnderWay }, nextText(rollout)),
    h(
      "p",
      {},
      `The candidate's share: planned ${percent(share.planned / 100)}`,
      share.observed === null
        ? ", no request at this step yet"
        : `, seen ${percent(share.observed / 100)} of ${counted(share.requests, "request")} at this step`,
    ),
    sidesView(rollout),
    h("div", { class: "verdict" }, verdictView(rollout, isUnderWay)),
    h("p", { hidden: rollout.reason === "" || isUnderWay }, `Why: ${rollout.reason}.`),
    carrierView(rollout, nowMs),
  );
}

/** Before the first percent, only callers that ask for the candidate reach it. */
function stepText(share: number): string {
  return share === 0 ? "preview" : `${share} %`;
}

function nextText({ steps, paused, verdict, outcome }: RolloutState): string {
  if (outcome !== "under way") return "";
  const next = steps.find(({ state }) => state === "to come");
  const what = next === undefined ? "Next: the end of the rollout" : `Next: ${stepText(next.percent)}`;
  if (paused) return `${what}, once it is resumed: it is paused.`;
  if (verdict === null) return `${what}.`;
  if (verdict.inMs === null) return `${what}; when is not known yet.`;
  return verdict.inMs < 1_000
    ? `${what}, now.`
    : `${what}, in about ${time(verdict.inMs)} if the evidence keeps growing as it has.`;
}

function sidesView({ candidate, baseline }: RolloutState): Spec {
  const row = (role: string, { revision, requests, errors, p50Ms, p99Ms }: typeof candidate): Spec =>
    h(
      "tr",
      {},
      h("th", { scope: "row" }, revision, h("span", { class: "quiet" }, ` ${role}`)),
      [
        count(requests),
        `${count(errors)} (${percent(requests === 0 ? null : errors / requests)})`,
        ms(p50Ms),
        ms(p99Ms),
      ].map((text) => h("td", {}, text)),
    );
  return h(
    "table",
    {},
    h("caption", { class: "quiet" }, "Since the rollout began"),
    h(
      "thead",
      {},
      h(
        "tr",
        {},
        ["revision", "requests", "errors", "median", "99 %"].map((name) => h("th", { scope: "col" }, name)),
      ),
    ),
    h("tbody", {}, row("candidate", candidate), row("baseline", baseline)),
  );
}

function verdictView({ verdict }: RolloutState, isUnderWay: boolean): Spec[] {
  if (verdict === null) return [h("p", {}, "Nothing is judged yet.")];
  const { words, kind } = VERDICTS[verdict.verdict];
  return [
    h("p", {}, isUnderWay ? "Verdict so far: " : "Last verdict: ", h("strong", { class: kind }, words)),
    h("p", { class: "quiet" }, `${verdict.because}.`),
    h("ul", { class: "evidence" }, verdict.evidence.map(evidenceView)),
  ];
}

function evidenceView({ name, value, threshold }: Evidence): Spec {
  const { words, kind } = STATEMENTS[name] ?? { words: name, kind: "good" };
  const part = Math.max(0, Math.min(1, value / threshold));
  return h(
    "li",
    {},
    h("span", {}, words),
    h(
      "svg",
      {
        class: `bar ${kind}`,
        viewBox: "0 0 100 10",
        preserveAspectRatio: "none",
        role: "img",
        "aria-label": `${words}: ${Math.round(part * 100)} % of the evidence needed`,
      },
      h("rect", { class: "track", x: 0, y: 2, width: 100, height: 6 }),
      h("rect", { class: "seen", x: 0, y: 2, width: Math.round(part * 1000) / 10, height: 6 }),
    ),
    h("span", { class: "number" }, part >= 1 ? "proved" : `${Math.round(part * 100)} % of the threshold`),
  );
}

/** Shows the process that runs the rollout, or the command that continues a rollout without one. */
function carrierView({ service, by, beganMs, carriedOut, outcome }: RolloutState, nowMs: number): Spec {
  const began = `Begun by ${by} ${passed(nowMs - beganMs)} ago`;
  const command = (action: string): Spec => h("code", {}, `./kyc rollout ${service} ${action}`);
  if (outcome === "under way" && carriedOut?.isAlive !== true) {
    const seen = carriedOut === null ? "" : ` since ${passed(nowMs - carriedOut.seenMs)}`;
    return h(
      "p",
      { class: "warning" },
      `${began}. No process runs it${seen}, and the split does not change. To continue: `,
      command("--resume"),
      ", to go back: ",
      command("--abort"),
    );
  }
  if (outcome === "held") {
    return h(
      "p",
      { class: "quiet" },
      `${began}. To go on: `,
      command("--resume"),
      ", to go back: ",
      command("--abort"),
    );
  }
  if (outcome !== "under way")
    return h("p", { class: "quiet" }, `${began}. The report: `, command("--report"));
  return h(
    "p",
    { class: "quiet" },
    `${began}, carried out by ${carriedOut?.by ?? by}. To stop: `,
    command("--abort"),
  );
}
