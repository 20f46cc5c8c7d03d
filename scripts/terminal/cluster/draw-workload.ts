import type { Status } from "../../cluster/live/status.ts";
import type { Health, PodView, RevisionView, ServiceView } from "../../cluster/workload/workload-view.ts";
import type { Style } from "../style.ts";

/** Draws the workload, the engine of the split with the share of each revision, and read errors. */
export function drawStatus({ services, split, problems }: Status, style: Style): string[] {
  const lines = drawWorkload(services, style);
  if (split !== undefined) {
    const shares = Object.entries(split.shares).map(([name, share]) => `${name} ${hundredths(share)} %`);
    const of = split.header === undefined ? "" : `, by the buckets of ${split.header}`;
    lines.push("", `${style.bold("split")}  by ${split.by}${of}: ${shares.join(", ")}`);
  }
  if (problems.length > 0) lines.push("", ...problems.map((problem) => `${style.warn("!")} ${problem}`));
  return lines;
}

/** A share in percent, to a hundredth: one bucket. */
function hundredths(share: number): number {
  return Math.round(share * 10_000) / 100;
}

/**
 * Draws a tree of services, revisions and pods, each with the reason why it is not ready.
 * A word states the condition, never colour alone.
 */
export function drawWorkload(services: readonly ServiceView[], style: Style): string[] {
  if (services.length === 0) return [style.dim("no Knative Service here")];
  return services.flatMap((service) => {
    const url = service.url === undefined ? "" : `  ${style.link(service.url)}`;
    const head = `${style.bold(service.name)}  ${state(service.health, style)}${url}${why(service.message, style)}`;
    const width = Math.max(0, ...service.revisions.map(({ name }) => name.length));
    const rows = service.revisions.flatMap((revision, i) =>
      drawRevision(revision, i === service.revisions.length - 1, width, style),
    );
    return [head, ...rows];
  });
}

function drawRevision(revision: RevisionView, isLast: boolean, width: number, style: Style): string[] {
  const share = `${String(revision.percent).padStart(3)} %`;
  const tags = revision.tags.length === 0 ? "" : `  tag ${revision.tags.join(", ")}`;
  const branch = style.dim(isLast ? "└── " : "├── ");
  const health =
    revision.health === "idle" ? style.dim("ready, scaled to zero") : state(revision.health, style);
  const line = `${branch}${revision.name.padEnd(width)}  ${share}  ${health}${tags}${why(revision.message, style)}`;
  const stem = isLast ? "    " : style.dim("│   ");
  const pods = revision.pods.map((pod, i) => stem + drawPod(pod, i === revision.pods.length - 1, style));
  return [line, ...pods];
}

function drawPod(pod: PodView, isLast: boolean, style: Style): string {
  const restarts = pod.restarts === 0 ? "" : `, ${pod.restarts} restart${pod.restarts === 1 ? "" : "s"}`;
  const sidecar = pod.hasSidecar ? "" : style.warn("  no sidecar");
  const trouble = pod.trouble ? `  ${style.bad(`${pod.trouble.reason}: ${pod.trouble.message}`)}` : "";
  const warning = pod.warning === undefined ? "" : `  ${style.warn(pod.warning)}`;
  return `${style.dim(isLast ? "└── " : "├── ")}${pod.name}  ${pod.containers} ${state(pod.health, style)}${restarts}${sidecar}${trouble}${warning}`;
}

function state(health: Health, style: Style): string {
  switch (health) {
    case "ready":
      return style.good("ready");
    case "idle":
      return style.dim("idle");
    case "failed":
      return style.bad("not ready");
    case "waiting":
      return style.warn("waiting");
  }
}

function why(message: string | undefined, style: Style): string {
  return message === undefined ? "" : `  ${style.dim(message)}`;
}
