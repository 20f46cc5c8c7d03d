import {
  type RevisionState,
  type SplitChange,
  type SplitForm,
  SplitChanged,
  type SplitState,
  type SplitTarget,
} from "../../traffic/split/split.ts";
import { changeBetween } from "../../traffic/split/history.ts";
import type { Location } from "../../cluster/kube/service-context.ts";
import type { OutcomeSource } from "../../sources/source.ts";
import type { RecordedEngine } from "../engine.ts";

/** Targets by tag: `{ basic: 90 }` is revision check-basic of the service check, with tag basic and 90 %. */
export function targetsOf(percents: Readonly<Record<string, number>>, service = "check"): SplitTarget[] {
  return Object.entries(percents).map(([tag, percent]) => {
    return { revision: `${service}-${tag}`, tag, percent, latest: false };
  });
}

/** Returns a source with these counts of answers by revision; undefined if nothing runs. */
export function fakeSource(counts: ReadonlyMap<string, number> | undefined): OutcomeSource {
  return {
    name: "fake",
    place: "memory",
    lagMs: 0,
    async *outcomes() {},
    observed: async () => counts && { sinceMs: 0, counts },
  };
}

/** An engine in memory that a test can control. */
export class FakeEngine implements RecordedEngine {
  readonly service: string = "check";
  readonly place = "memory";
  name = "knative";
  location: Location = "cluster";
  targets: readonly SplitTarget[] = targetsOf({ basic: 50, advanced: 50 });
  states: RevisionState[] = ["check-basic", "check-advanced"].map((name) => ({
    name,
    ready: true,
    reason: undefined,
  }));
  history: SplitChange[] = [];
  header: string | undefined;
  running = true;
  inForceTargets: readonly SplitTarget[] | undefined;
  changedBy: SplitState["changed"];
  #version = 1;

  async read(): Promise<SplitState> {
    return {
      targets: this.targets,
      header: this.header,
      version: String(this.#version),
      changed: this.changedBy,
    };
  }

  async write(
    targets: readonly SplitTarget[],
    version: string,
    by: string,
    undo = false,
    form: SplitForm = { header: this.header },
  ): Promise<SplitState> {
    if (version !== String(this.#version)) throw new SplitChanged("changed", await this.read());
    const before = await this.read();
    this.history.push(changeBetween(before, { ...before, targets, ...form }, { atMs: 1_000, by, undo }));
    this.targets = targets;
    this.header = form.header;
    this.changedBy = { by, atMs: 1_000 };
    this.#version++;
    return this.read();
  }

  async inForce(): Promise<{ ms: number }> {
    return { ms: 7 };
  }

  async revisions(): Promise<RevisionState[]> {
    return this.states;
  }

  async changes(): Promise<SplitChange[]> {
    return this.history;
  }

  async runs(): Promise<boolean> {
    return this.running;
  }

  async live(): Promise<readonly SplitTarget[] | undefined> {
    return this.running ? (this.inForceTargets ?? this.targets) : undefined;
  }
}
