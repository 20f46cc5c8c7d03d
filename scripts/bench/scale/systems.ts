import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** Writes a folder of `size` VirtualServices, each with its own file and host; the last one is for 127.0.0.1. */
export async function manyVirtualServices(root: string, size: number): Promise<void> {
  const folder = await istioFolder(root);
  for (let i = 0; i < size; i++) {
    const host = i === size - 1 ? "127.0.0.1" : `host-${i}.example`;
    await writeFile(
      join(folder, fileOf(i)),
      virtualService(`host-${i}`, host, [rule("/", `answer ${i}`, "prefix")]),
    );
  }
}

/** Writes one VirtualService of `size` rules with different paths. */
export async function manyRules(root: string, size: number): Promise<void> {
  const folder = await istioFolder(root);
  const rules = Array.from({ length: size }, (_, i) => rule(rulePath(i), `answer ${i}`));
  await writeFile(join(folder, fileOf(0)), virtualService("rules", "127.0.0.1", rules));
}

/** Writes `size` revisions at zero, two per Knative Service with an even split, and their program. */
export async function manyRevisions(root: string, size: number): Promise<void> {
  await istioFolder(root);
  const knative = join(root, "knative");
  const functions = join(root, "functions/shop");
  for (const folder of [knative, functions]) await mkdir(folder, { recursive: true });
  await writeFile(join(functions, "main.ts"), PROGRAM);
  for (let i = 0; i < size / 2; i++) {
    const states = [revision(i, "a"), revision(i, "b") + evenSplit(i)];
    await writeFile(join(knative, fileOf(i)), states.join("---\n"));
  }
}

/** The file of the object with this number. */
export function fileOf(i: number): string {
  return `${i}.yaml`;
}

/** The path of the rule with this number. */
export function rulePath(i: number): string {
  return `/path/${i}`;
}

async function istioFolder(root: string): Promise<string> {
  const folder = join(root, "istio");
  await mkdir(folder, { recursive: true });
  await mkdir(join(root, "knative"), { recursive: true });
  await writeFile(join(folder, "gateway.yaml"), GATEWAY);
  return folder;
}

const PROGRAM = `const { HOST, PORT } = process.env;
Bun.serve({ hostname: HOST ?? "127.0.0.1", port: Number(PORT), fetch: () => new Response("ok") });
`;

const GATEWAY = `apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: door, namespace: bench}
spec:
  selector: {istio: ingressgateway}
  servers:
    - port: {number: 80, name: http, protocol: HTTP}
      hosts: ["*"]
`;

const virtualService = (name: string, host: string, rules: readonly string[]): string =>
  `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: ${name}, namespace: bench}
spec:
  hosts: ["${host}"]
  gateways: [door]
  http:
${rules.join("")}`;

const rule = (path: string, answer: string, by: "exact" | "prefix" = "exact"): string =>
  `    - match: [{uri: {${by}: ${path}}}]
      directResponse: {status: 200, body: {string: ${answer}}}
`;

const revision = (i: number, name: string): string => `apiVersion: serving.knative.dev/v1
kind: Service
metadata: {name: shop-${i}, namespace: bench}
spec:
  template:
    metadata:
      name: shop-${i}-${name}
      annotations: {autoscaling.knative.dev/initial-scale: "0"}
    spec:
      containers: [{image: bench.local/shop:1}]
`;

const evenSplit = (i: number): string => `  traffic:
    - {revisionName: shop-${i}-a, percent: 50}
    - {revisionName: shop-${i}-b, percent: 50}
`;
