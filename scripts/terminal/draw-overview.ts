import type { Overview, ServiceOverview } from "../mesh/overview.ts";
import type { Style } from "./style.ts";

/** Draws what runs on this machine, where it answers and what to try, as text of several lines. */
export function drawOverview(view: Overview, style: Style): string {
  const lines = [
    "",
    `  ${style.bold("Ingress gateway")}   ${style.link(view.ingress)}`,
    `  ${style.bold("Swagger UI")}        ${style.link(view.swagger)}`,
    `  ${style.bold("Live page")}         ${style.link(view.page)} ${style.dim("planned and observed, latency, faults")}`,
    `  ${style.bold("Cluster-local")}     ${style.link(view.clusterLocal)} ${style.dim("for hosts such as credit-check.kyc.svc.cluster.local")}`,
    "",
    ...view.services.flatMap((service) => drawService(service, style)),
    `  ${style.bold("Try")}`,
    ...view.tries.map((command) => `    ${command}`),
    "",
  ];
  const split = view.services.find(({ revisions }) => revisions.length > 1);
  if (split) lines.push(`  Edit ${style.link(place(split))} and live traffic follows. Ctrl-C ends all.`);
  if (view.withoutEffect.length > 0) {
    lines.push(style.dim(`  For the cluster only, without effect here: ${view.withoutEffect.join(", ")}.`));
  }
  return `${lines.join("\n")}\n`;
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
