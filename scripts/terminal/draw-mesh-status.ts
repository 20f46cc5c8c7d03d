import type { MeshState, RevisionView, ServiceState, SplitState } from "../mesh/admin/schema.ts";
import { counted, percent } from "../format.ts";
import type { Style } from "./style.ts";

/** The part of the local mesh's state that `status` shows. */
export type MeshStatus = Pick<
  MeshState,
  "root" | "port" | "gateways" | "services" | "problems" | "waiting" | "rollouts"
>;

/** Draws the local mesh: each service, the engine of its split, and its revisions with both shares. */
export function drawMeshStatus(state: MeshStatus, style: Style): string[] {
  const { root, port, gateways, services, problems, waiting, rollouts } = state;
  const lines = [style.dim(`the local mesh of ${root}, ingress gateway http://127.0.0.1:${port}`)];
  for (const { title, url, gateways: named } of gateways)
    lines.push(style.dim(`${title} of Gateway ${named.join(", ")} ${url}`));
  for (const service of services) lines.push("", ...drawService(service, style));
  for (const { service, doing, reason, outcome } of rollouts) {
    // A rollout that has ended does what its outcome says.
    const state = outcome === doing ? outcome : `${outcome}, ${doing}`;
    lines.push("", `${style.bold("rollout")}  ${service}: ${state}${reason && ` (${reason})`}`);
  }
  if (waiting.length > 0) lines.push("", style.warn(`an edit waits for ${waiting.join(", ")}`));
  if (problems.length > 0)
    lines.push(
      "",
      style.warn("the last edit is not in force:"),
      ...problems.map(
        ({ at, field, message, fix }) =>
          `${style.warn("!")} ${at.file}:${at.line}: ${field && `${field}: `}${message}${fix === null ? "" : `; ${fix}`}`,
      ),
    );
  return lines;
}

function drawService({ name, splits, revisions }: ServiceState, style: Style): string[] {
  const split = splits.find(({ deciding }) => deciding);
  const head = `${style.bold(name)}${split === undefined ? "" : style.dim(`  ${formOf(split)}`)}`;
  const width = Math.max(0, ...revisions.map((revision) => revision.name.length));
  const rows = revisions.map((revision, i) => {
    const branch = style.dim(i === revisions.length - 1 ? "└── " : "├── ");
    return `${branch}${revision.name.padEnd(width)}  ${sharesOf(revision, split)}  ${stateOf(revision, style)}`;
  });
  const observed = split?.observed;
  const counts =
    observed === undefined || revisions.length < 2
      ? []
      : [style.dim(`    ${counted(observed.requests, "request")} observed since this split is in force`)];
  return [head, ...rows, ...counts];
}

function formOf({ by, header, at }: SplitState): string {
  const buckets = header === undefined ? "" : `, by the buckets of ${header}`;
  return `split by ${by}${buckets}, ${at.file}:${at.line}`;
}

function sharesOf({ name }: RevisionView, split: SplitState | undefined): string {
  if (split === undefined) return "      –";
  const own = split.targets.filter(({ revision }) => revision === name);
  const planned = own.reduce((sum, target) => sum + target.percent, 0);
  const text = `${String(Math.round(planned * 100) / 100).padStart(5)} %`;
  if (split.observed.requests === 0) return text;
  const observed = split.observed.revisions.find(({ revision }) => revision === name);
  const seen = split.observed.revisions.reduce((sum, { buckets = 0 }) => sum + buckets, 0);
  const ofApplicants = seen === 0 ? "" : `, ${percent((observed?.buckets ?? 0) / seen)} of applicants`;
  return `${text}  observed ${percent(observed?.share ?? 0)}${ofApplicants}`;
}

function stateOf({ state, reason, tags, traffic }: RevisionView, style: Style): string {
  const shown = {
    ready: style.good,
    failed: style.bad,
    starting: style.warn,
    stopped: style.dim,
    "at zero": style.dim,
  };
  const why = reason === "" ? "" : `  ${style.dim(reason)}`;
  const tag = tags.length === 0 ? "" : `  tag ${tags.join(", ")}`;
  const errors = traffic.errors === 0 ? "" : `  ${style.bad(counted(traffic.errors, "error"))}`;
  return `${shown[state](state)}${tag}${errors}${why}`;
}
