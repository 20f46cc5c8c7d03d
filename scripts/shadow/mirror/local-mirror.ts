import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { UserError } from "../../cluster/user-error.ts";
import { replaceFile } from "../../engines/local/history-file.ts";
import { editList, type ItemEdit } from "../../manifests/edit-list.ts";
import type { VirtualService } from "../../manifests/kinds/istio-virtual-service.ts";
import { InvalidManifests } from "../../manifests/problem.ts";
import { readManifests } from "../../manifests/read.ts";
import type { Sourced } from "../../manifests/resources.ts";
import { findMesh } from "../../mesh/admin/dev-file.ts";
import { readMeshState, serviceOf } from "../../mesh/admin/running-mesh.ts";
import type { MeshState } from "../../mesh/admin/schema.ts";
import { manifestFolders } from "../../manifests/folders.ts";
import { didYouMean } from "../../nearest.ts";
import { compilePlan } from "../../traffic/compile/compile.ts";
import { CLUSTER_DOMAIN, LOCAL_DOMAIN } from "../../traffic/hosts.ts";
import { lineOf, weightedServiceOf } from "../../traffic/split/planned-splits.ts";
import { UnknownService } from "../../traffic/split/split.ts";
import { type Mirror, revisionOfRun, RUN_TAG } from "./mirror.ts";
import { isMirrored, mirrorFields, refuseOtherMirrors, splittingRules } from "./mirror-rules.ts";
import type { ShadowFile } from "./shadow-file.ts";

export interface LocalMirrorOptions {
  root: string;
  service: string;
  shadow: ShadowFile;
}

/** The rules that are mirrored, and the file in which they are. */
interface MirroredRules {
  source: Sourced<VirtualService>;
  rules: number[];
}

const ASK_AGAIN_MS = 20;
const READY_WITHIN_MS = 60_000;
const ASK_WITHIN_MS = 5_000;

/** The mirror of the local mesh: fields of the rules in its files, and a file for the shadow service. */
export async function localMirror(options: LocalMirrorOptions): Promise<Mirror> {
  const { root, service, shadow } = options;
  const file = join(root, "knative", `${shadow.name}.yaml`);
  let { place } = await found();

  async function read(): Promise<{
    sources: readonly Sourced<VirtualService>[];
    candidates: MirroredRules[];
  }> {
    const { resources, problems } = await readManifests(root, manifestFolders(root));
    const errors = problems.filter(({ severity }) => severity === "error");
    if (errors.length > 0) throw new InvalidManifests(errors);
    const { services } = compilePlan(resources, LOCAL_DOMAIN).plan;
    const plan = services.find(({ name }) => name === service);
    if (plan === undefined) {
      const names = services.map(({ name }) => name);
      throw new UnknownService(
        `${manifestFolders(root).join("/ and ")}/ describe no Knative Service ${service}; ${didYouMean(service, names)}`,
      );
    }
    const sources = resources.virtualServices;
    const weighted = weightedServiceOf(plan);
    const candidates = sources
      .filter(({ value }) => (value.metadata.namespace ?? "default") === plan.namespace)
      .map((source) => ({ source, rules: splittingRules(source.value.spec.http, weighted) }))
      .filter(({ rules }) => rules.length > 0);
    return { sources, candidates };
  }

  async function found(): Promise<{ place: string; rules: MirroredRules }> {
    const [first] = (await read()).candidates;
    if (first === undefined)
      throw new UserError(
        `No VirtualService in ${manifestFolders(root).join("/ or ")}/ leads to ${service}, so nothing can mirror its requests: with the split in a VirtualService, such as istio/split/by-istio, its rule can.`,
      );
    const { document } = first.source;
    return { place: lineOf(document.at(["spec", "http", first.rules[0] ?? 0])), rules: first };
  }

  /** Writes other fields into rules of a file, and waits until the mesh has them. */
  async function write(
    { source: { value, document }, rules }: MirroredRules,
    set: ItemFields,
  ): Promise<void> {
    const path = join(root, document.at([]).file);
    const edits = value.spec.http.map((_, i): ItemEdit => ({ kept: i, set: rules.includes(i) ? set : {} }));
    const list = { line: document.at([]).line, path: ["spec", "http"] };
    await replaceFile(path, editList(await readFile(path, "utf8"), list, edits));
  }

  async function mirrored(): Promise<MirroredRules[]> {
    const { resources } = await readManifests(root, manifestFolders(root));
    return resources.virtualServices.flatMap((source) => {
      const { http } = source.value.spec;
      const rules = http.flatMap((rule, i) => (isMirrored(rule, shadow.name) ? [i] : []));
      return rules.length === 0 ? [] : [{ source, rules }];
    });
  }

  return {
    get place() {
      return place;
    },
    async start(run, signal) {
      const { rules, place: at } = await found();
      place = at;
      refuseOtherMirrors(rules.source.value.spec.http, rules.rules, at);
      const revision = revisionOfRun(shadow.name, run);
      const started = (await readMeshState({ root }, signal)).generation;
      await replaceFile(file, shadow.textFor(run));
      await until(root, signal, (state) => {
        const view = serviceOf(state, shadow.name)?.revisions.find(({ name }) => name === revision);
        if (view?.state === "failed") throw new UserError(`${revision} does not start: ${view.reason}`);
        return state.generation > started && view?.state === "ready";
      });
      const { generation } = await readMeshState({ root }, signal);
      await write(rules, { ...mirrorFields(revision, shadow.namespace, run.percent) });
      await until(root, signal, (state) => state.generation > generation);
    },
    async stop() {
      const generation = await generationOf(root);
      const written = await mirrored();
      for (const rules of written) await write(rules, { mirror: undefined, mirrorPercentage: undefined });
      // The service ends only after no request is mirrored to it any more.
      if (written.length > 0 && generation !== undefined)
        await until(
          root,
          AbortSignal.timeout(READY_WITHIN_MS),
          (state) => state.generation > generation,
        ).catch(() => undefined);
      await rm(file, { force: true });
    },
    async isThere() {
      return (await Bun.file(file).exists()) || (await mirrored()).length > 0;
    },
    async ask(path, signal) {
      const mesh = await findMesh(root);
      if (mesh === undefined) return undefined;
      const host = `${RUN_TAG}-${shadow.name}.${shadow.namespace}.${CLUSTER_DOMAIN}`;
      const within = AbortSignal.any([signal, AbortSignal.timeout(ASK_WITHIN_MS)]);
      const url = `http://127.0.0.1:${mesh.localPort}${path}`;
      const response = await fetch(url, { headers: { host }, signal: within }).catch(() => undefined);
      return response?.ok === true ? await response.json().catch(() => undefined) : undefined;
    },
  };
}

type ItemFields = Extract<ItemEdit, { kept: number }>["set"];

async function generationOf(root: string): Promise<number | undefined> {
  const state = await readMeshState({ root }, AbortSignal.timeout(ASK_WITHIN_MS)).catch(() => undefined);
  return state?.generation;
}

/** @throws UserError if the mesh does not apply the files, or takes too long */
async function until(root: string, signal: AbortSignal, holds: (state: MeshState) => boolean): Promise<void> {
  const end = performance.now() + READY_WITHIN_MS;
  for (;;) {
    const state = await readMeshState({ root }, signal);
    if (holds(state)) return;
    const [problem] = state.problems;
    if (problem !== undefined)
      throw new UserError(`The local mesh refuses the files: ${lineOf(problem.at)}: ${problem.message}`);
    if (performance.now() > end)
      throw new UserError(
        `The mesh has not taken the files after ${READY_WITHIN_MS / 1000} s: ./kyc dev shows why.`,
      );
    await Bun.sleep(ASK_AGAIN_MS);
    signal.throwIfAborted();
  }
}
