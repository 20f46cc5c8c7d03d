import { ms as duration } from "../format.ts";
import type { Problem } from "../manifests/problem.ts";
import { formatProblem } from "../manifests/problem.ts";
import { describeChanges } from "../mesh/changes.ts";
import type { FaultsState } from "../mesh/faults/fault.ts";
import type { Configuration } from "../mesh/configuration.ts";
import type { Mesh } from "../mesh/mesh-options.ts";
import type { MeshEvents } from "../mesh/mesh-options.ts";
import { overview, portOverview } from "../mesh/overview.ts";
import type { Served } from "../mesh/relay/relay-options.ts";
import type { RevisionState } from "../mesh/revisions/runner.ts";
import { printable } from "../text/printable.ts";
import { drawOverview } from "./draw-overview.ts";
import { printTo } from "../text/print.ts";
import { type Style, styleFor } from "./style.ts";

export interface DevScreenOptions {
  /** Gets the messages of the mesh. */
  out: NodeJS.WriteStream;
  /** Gets the output of the revisions. */
  err: NodeJS.WriteStream;
  /** Whether each request gets a line. */
  logRequests: boolean;
}

/** The output of `dev`: the running system and its addresses, then a line for each change. */
export class DevScreen implements MeshEvents {
  readonly #options: DevScreenOptions;
  readonly #style: Style;
  #before: string[] = [];
  /** Undefined before the start. */
  #mesh: Mesh | undefined;
  /** The ports of Gateways that were shown. */
  #told: ReadonlySet<number> = new Set();
  #rejected = false;

  constructor(options: DevScreenOptions) {
    this.#options = options;
    this.#style = styleFor(options.out);
  }

  /** Shows earlier messages, then the overview, which ends with the addresses. */
  start(mesh: Mesh): void {
    this.#mesh = mesh;
    this.#told = new Set(mesh.gateways.map(({ port }) => port));
    for (const line of this.#before.splice(0)) this.#write(line);
    this.#write(drawOverview(overview(mesh), this.#style));
  }

  /** A line with the time in front. */
  say(text: string): void {
    const line = `${this.#style.dim(clock())} ${text}`;
    if (this.#mesh !== undefined) this.#write(line);
    else this.#before.push(line);
  }

  onApplied(now: Configuration, before: Configuration | undefined): void {
    const wasRejected = this.#rejected;
    this.#rejected = false;
    for (const problem of now.warnings) this.say(this.#style.warn(formatProblem(problem)));
    if (before === undefined) return;
    const changes = describeChanges(before, now);
    for (const change of changes) this.say(this.#style.good(change));
    this.#showPorts(this.#mesh?.gateways ?? []);
    if (changes.length === 0 && wasRejected) this.say(this.#style.good("the files are valid again"));
  }

  onWaiting(revisions: string[]): void {
    this.say(`waiting for ${revisions.join(", ")}; until then traffic does not change`);
  }

  onRejected(problems: readonly Problem[]): void {
    this.#rejected = true;
    for (const problem of problems) this.say(this.#style.bad(formatProblem(problem)));
    this.say(this.#style.warn("the edit is not valid; the configuration before it stays in force"));
  }

  onRevision(name: string, state: RevisionState, detail: string): void {
    if (state === "ready") this.say(`${name} is ready ${this.#style.dim(detail)}`);
    else if (state === "idle") this.say(this.#style.dim(`${name} ${detail}`));
    else if (detail !== "") this.say(this.#style.bad(`${name} ${detail}`));
  }

  onFaults({ yaml }: FaultsState): void {
    if (yaml === "") return this.say(this.#style.good("all faults are switched off"));
    const lines = yaml.trimEnd().split("\n");
    this.say(this.#style.warn("faults are switched on until ./kyc fault --clear, as by these routes:"));
    for (const line of lines) this.say(this.#style.dim(`  ${line}`));
  }

  onLine(name: string, line: string): void {
    if (!this.#options.logRequests && isRoutine(line)) return;
    printTo(this.#options.err, `${this.#style.dim(`[${name}]`)} ${printable(line)}`);
  }

  onServed({ listener, method, target, status, ms, revision, complete }: Served): void {
    if (!this.#options.logRequests) return;
    const path = target.split("?")[0];
    const to = revision === undefined ? "" : ` ${revision.split("/")[1]}`;
    this.say(
      `${listener} ${method} ${path} ${status || "-"}${to} ${duration(ms)}${complete ? "" : " (broken off)"}`,
    );
  }

  #showPorts(gateways: Mesh["gateways"]): void {
    for (const gateway of gateways) {
      if (this.#told.has(gateway.port)) continue;
      const { title, url, gateways: named } = portOverview(gateway);
      this.say(`${title} of Gateway ${named.join(", ")} is on ${this.#style.link(url)}`);
    }
    this.#told = new Set(gateways.map(({ port }) => port));
  }

  #write(text: string): void {
    printTo(this.#options.out, text);
  }
}

/** Whether a line is structured and of level info, which is shown only on demand. */
function isRoutine(line: string): boolean {
  return line.startsWith("{") && line.includes('"level":"info"');
}

function clock(): string {
  return new Date().toTimeString().slice(0, 8);
}
