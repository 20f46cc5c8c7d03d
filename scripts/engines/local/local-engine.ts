import { createHash } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import {
  NothingRuns,
  type Preview,
  type RevisionState,
  SplitChanged,
  type SplitState,
  type SplitTarget,
} from "../../traffic/split/split.ts";
import { sameSplit } from "../../traffic/split/diff.ts";
import { lineOf } from "../../traffic/split/planned-splits.ts";
import { findMesh } from "../../mesh/admin/dev-file.ts";
import type { MeshState, RevisionView, SplitState as MeshSplit } from "../../mesh/admin/schema.ts";
import { CLUSTER_DOMAIN } from "../../traffic/hosts.ts";
import type { RecordedEngine, RevisionAddress } from "../engine.ts";
import { changeBetween } from "../../traffic/split/history.ts";
import { HistoryFile, replaceFile } from "./history-file.ts";
import {
  findMeshState,
  readMeshState,
  type RunningMeshOptions,
  serviceOf,
} from "../../mesh/admin/running-mesh.ts";
import { PREVIEW_RULE } from "../../traffic/split/preview-rule.ts";
import { type FileSplit, needsIstio, needsIstioForPreview, pathOf, readFileSplit } from "./split-file.ts";

export interface LocalEngineOptions extends RunningMeshOptions {
  service: string;
  /** The namespace of the revisions' hosts. @default that of the Knative Service */
  namespace?: string;
  /** Milliseconds since the epoch. @default Date.now */
  now?: () => number;
}

// An edit is in force about 20 ms after it is written.
const ASK_AGAIN_MS = 10;

/**
 * The split on this machine, read from the YAML files and written to them. A running mesh follows the files.
 * @throws InvalidManifests if the files are not valid; CannotWrite if they have no such service
 */
export async function localEngine(options: LocalEngineOptions): Promise<RecordedEngine> {
  const { root, service, now = Date.now } = options;
  const history = new HistoryFile(root, service);
  let split = await readFileSplit(options);

  async function state(): Promise<SplitState> {
    split = await readFileSplit(options);
    const { targets, header } = split;
    return { targets, header, version: versionOf(split), changed: await changed(split) };
  }

  async function changed({ targets, at }: FileSplit): Promise<SplitState["changed"]> {
    const last = (await history.read()).at(-1);
    // The time of the file is no evidence: a clone writes all files.
    if (last === undefined) return undefined;
    if (sameSplit(last.after, targets)) return { by: last.by, atMs: last.atMs };
    const file = await stat(pathOf(root, split)).catch(() => undefined);
    return file && { by: `an edit of ${at.file}`, atMs: Math.round(file.mtimeMs) };
  }

  async function deciding(): Promise<MeshSplit | undefined> {
    const seen = await findMeshState(options);
    return seen && serviceOf(seen, service)?.splits.find((each) => each.deciding);
  }

  async function address(tag: string): Promise<RevisionAddress> {
    const mesh = await findMesh(root);
    if (mesh === undefined) throw new NothingRuns("The local mesh is not running: start it with ./kyc dev.");
    const { namespace = split.service.namespace } = options;
    return {
      url: `http://127.0.0.1:${mesh.localPort}`,
      host: `${tag}-${service}.${namespace}.${CLUSTER_DOMAIN}`,
      [Symbol.dispose]() {},
    };
  }

  // The process of a Deployment runs already, so a rollout need not start it by a first request.
  const isKnative = split.service.podHosts === undefined;
  return {
    name: "local",
    location: "machine",
    service,
    splitsDeployments: !isKnative,
    get place() {
      return lineOf(split.at);
    },
    read: state,
    changes: () => history.read(),
    write: (targets, version, by, undo = false, form) =>
      history.alone(async () => {
        const before = await state();
        if (before.version !== version)
          throw new SplitChanged(
            `The split of ${service} in ${lineOf(split.at)} was changed in the meantime, so nothing was written.`,
            before,
          );
        const path = pathOf(root, split);
        await replaceFile(path, split.edited(await readFile(path, "utf8"), targets, form));
        const after = await state();
        await history.append(changeBetween(before, after, { atMs: now(), by, undo }));
        return { ...after, changed: await changed(split) };
      }),
    async inForce(signal) {
      const startedAt = performance.now();
      const { targets, header } = await state();
      for (;;) {
        const seen = await readMeshState(options, signal);
        const deciding = serviceOf(seen, service)?.splits.find((each) => each.deciding);
        const isSame =
          deciding?.header === header && sameSplit(weighty(deciding?.targets ?? []), weighty(targets));
        if (isSame && hasPreviews(seen, split.at.file, targets)) return { ms: performance.now() - startedAt };
        refuseRejected(seen);
        await Bun.sleep(ASK_AGAIN_MS);
        signal.throwIfAborted();
      }
    },
    async revisions() {
      const { service: plan } = await readFileSplit(options);
      const seen = await findMeshState(options);
      const views = seen && serviceOf(seen, service)?.revisions;
      return plan.revisions.map(({ name }) => stateOf(name, views));
    },
    runs: async () => (await findMeshState(options)) !== undefined,
    async formRefusal({ header }) {
      split = await readFileSplit(options);
      return header !== undefined && split.by === "Knative" ? needsIstio(service) : undefined;
    },
    async previewRefusal() {
      split = await readFileSplit(options);
      return split.by === "Knative" ? needsIstioForPreview(service) : undefined;
    },
    ...(isKnative ? { addressOf: address } : {}),
    live: async () => (await deciding())?.targets.map(targetOf),
  };
}

/** Whether the mesh leads the previews of a split, and no others of its file, to their revisions. */
function hasPreviews({ rules }: MeshState, file: string, targets: readonly SplitTarget[]): boolean {
  const led = rules.filter(({ name, at }) => name === PREVIEW_RULE && at.file === file);
  const wanted = targets.flatMap(({ preview }) => preview ?? []);
  const isLed = ({ header, value }: Preview): boolean =>
    led.some(({ matches }) => matches.includes(`header ${header} exact ${value}`));
  return led.length === wanted.length && wanted.every(isLed);
}

function targetOf({ revision, tag, percent, latest }: MeshSplit["targets"][number]): SplitTarget {
  return { revision, tag: tag ?? undefined, percent, latest };
}

function versionOf({ at, by, header, targets }: FileSplit): string {
  return createHash("sha256")
    .update(JSON.stringify([by, at.file, header, targets]))
    .digest("hex")
    .slice(0, 16);
}

/** The split as requests see it: it does not matter which of a revision's targets has the share. */
function weighty(targets: readonly { revision: string; percent: number }[]): SplitTarget[] {
  const sums = new Map<string, number>();
  for (const { revision, percent } of targets) sums.set(revision, (sums.get(revision) ?? 0) + percent);
  return [...sums].map(([revision, percent]) => ({ revision, tag: undefined, percent, latest: false }));
}

function refuseRejected({ problems }: MeshState): void {
  const [first] = problems;
  if (first !== undefined)
    throw new Error(`The local mesh refuses the files: ${lineOf(first.at)}: ${first.message}`);
}

function stateOf(name: string, views: readonly RevisionView[] | undefined): RevisionState {
  if (views === undefined)
    return { name, ready: false, reason: "the local mesh is not running: ./kyc dev starts it" };
  const view = views.find((each) => each.name === name);
  if (view === undefined) return { name, ready: false, reason: "the running mesh does not have it yet" };
  // A revision at zero starts with its first request, as with Knative.
  const ready = view.state === "ready" || view.state === "at zero";
  return { name, ready, reason: ready ? undefined : view.reason || view.state };
}
