import type { Overview, PortOverview, ServiceOverview } from "../mesh/overview.ts";
import { counted } from "../format.ts";
import type { Style } from "./style.ts";

/** Draws the system on this machine, its addresses and requests to try, as text of several lines. */
export function drawOverview(view: Overview, style: Style): string {
  const split = view.services.find(({ revisions }) => revisions.length > 1);
  const firstMade = view.ports.find(({ authority }) => authority !== undefined);
  const lines = [
    "",
    ...view.services.flatMap((service) => drawService(service, style)),
    `  ${style.bold("Try")}`,
    ...view.tries.map((command) => `    ${command}`),
    "",
  ];
  if (view.withoutEffect.length > 0) {
    const text = `For the cluster only, without effect here: ${view.withoutEffect.join(", ")}.`;
    lines.push(...wrapped(text, WIDTH).map((line) => style.dim(`  ${line}`)), "");
  }
  for (const text of view.sticky)
    lines.push(...wrapped(text, WIDTH).map((line) => style.dim(`  ${line}`)), "");
  // The addresses come last, so that they are visible on a terminal with 24 rows.
  lines.push(
    `  ${style.bold("Ingress gateway")}   ${style.link(view.ingress)}`,
    ...view.hosts.slice(0, HOSTS).map((url) => " ".repeat(20) + style.link(url)),
    ...(view.hosts.length > HOSTS
      ? [" ".repeat(20) + style.dim(`and ${counted(view.hosts.length - HOSTS, "more host")}`)]
      : []),
    ...view.links.map(
      ({ title, url }) =>
        `  ${style.bold(title)}${" ".repeat(Math.max(1, 18 - title.length))}${style.link(url)}`,
    ),
    ...view.ports.flatMap((port) => drawPort(port, port === firstMade, style)),
    `  ${style.bold("Live page")}         ${style.link(view.page)} ${style.dim("traffic, latency, faults")}`,
    `  ${style.bold("Cluster-local")}     ${style.link(view.clusterLocal)} ${style.dim("for hosts *.svc.cluster.local")}`,
  );
  if (split) lines.push("", `  Edit ${style.link(place(split))} and live traffic follows. Ctrl-C ends all.`);
  return `${lines.join("\n")}\n`;
}

/** The maximum number of listed Gateway hosts. */
const HOSTS = 4;

/** The width of a line, within a terminal of 80 columns and two of indent. */
const WIDTH = 78;

/** Breaks text into lines between words. */
function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

/** @param isExplained whether the file to trust is named */
function drawPort(
  { title, url, gateways, authority }: PortOverview,
  isExplained: boolean,
  style: Style,
): string[] {
  const line = `  ${style.bold(title)}${" ".repeat(Math.max(1, 18 - title.length))}${style.link(url)} ${style.dim(`for Gateway ${gateways.join(", ")}`)}`;
  if (!isExplained || authority === undefined) return [line];
  return [line, " ".repeat(20) + style.dim(`by a certificate of this machine: curl --cacert ${authority}`)];
}

function drawService(service: ServiceOverview, style: Style): string[] {
  const by = service.revisions.length > 1 ? `, split by ${service.splitBy} in ${place(service)}` : "";
  const width = Math.max(...service.revisions.map(({ name }) => name.length));
  const rows = service.revisions.map(({ name, tag, percent }, i) => {
    const branch = i === service.revisions.length - 1 ? "└──" : "├──";
    const share = `${String(Math.round(percent * 100) / 100).padStart(3)} %`;
    return `  ${style.dim(branch)} ${name.padEnd(width)}  ${share}  ${style.dim(bar(percent))}${tag ? `  tag ${tag}` : ""}`;
  });
  return [`  ${style.bold(service.name)}  ${style.link(service.url)}${style.dim(by)}`, ...rows, ""];
}

function bar(percent: number): string {
  const full = Math.round(percent / 5);
  return "█".repeat(full) + "░".repeat(20 - full);
}

function place({ at }: ServiceOverview): string {
  return `${at.file}:${at.line}`;
}
