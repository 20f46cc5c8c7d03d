import type { Problem } from "../../manifests/problem.ts";
import { lineOf } from "../../traffic/split/planned-splits.ts";
import { pathOf } from "../../route-fields/match/match.ts";
import type { Hop } from "../../traffic/resolve.ts";
import type { RouteTable } from "../../traffic/table.ts";
import type { Exchange } from "../http/exchange.ts";
import type { FaultsState } from "../faults/fault.ts";
import { Faults } from "../faults/faults.ts";
import { OVERLAY } from "../faults/overlay.ts";
import type { Configuration } from "../configuration.ts";
import { MeshMetrics } from "../observe/mesh-metrics.ts";
import { Observer } from "../observe/observer.ts";
import { type Range, RANGES, WHOLE } from "../observe/request-counter.ts";
import { ANSWER_FIELD_FORMS, readAnswerField } from "../../traffic/answer-field.ts";
import { AnswerReader } from "../relay/answer-reader.ts";
import type { RevisionSpec } from "../revisions/spec.ts";
import type { Served } from "../relay/relay-options.ts";
import { ADMIN_PATH } from "./schema.ts";
import { EventStreams } from "./event-stream.ts";
import { changeFaults } from "./fault-requests.ts";
import { refusal } from "./guard.ts";
import { Output } from "./output.ts";
import { jsonReply, problemReply, type Reply, sendReply } from "./reply.ts";
import type { MeshState } from "./schema.ts";
import type { ServedEvent } from "./event-schema.ts";
import { meshState, type RevisionStatus } from "./state.ts";
import { messageOf } from "../../text/message-of.ts";

/** The parts of the mesh that its own paths read and change. */
export interface MeshView {
  readonly root: string;
  ports(): Pick<MeshState, "port" | "localPort" | "gateways">;
  /** The configuration in force. */
  loaded(): Configuration;
  /** The state of each revision of the configuration in force, by `namespace/name`. */
  revisions(): ReadonlyMap<string, RevisionStatus>;
  /** The rollouts of this mesh's services; undefined if none are looked for. */
  readonly rollouts?: ((nowMs: number) => Promise<MeshState["rollouts"]>) | undefined;
  /** Called after the faults, and with them `filters`, have changed. */
  onFaults(state: FaultsState): void;
  /** Metrics besides the mesh's own, in Prometheus' format. */
  metrics?: (() => Promise<string>) | undefined;
}

/** The mesh's own paths at the ingress port, and the counters behind them. */
export class Admin {
  readonly #observer = new Observer(Date.now);
  readonly #streams = new EventStreams(Date.now);
  readonly #output = new Output(Date.now);
  readonly #faults = new Faults();
  readonly #metrics = new MeshMetrics();
  readonly #startedMs = Date.now();
  readonly #view: MeshView;

  constructor(view: MeshView) {
    this.#view = view;
  }

  /** The revision filters for the injected faults. */
  filters({ plan }: Configuration): NonNullable<RouteTable["revisionFilters"]> {
    return this.#faults.filters(plan.services);
  }

  /** Answers a request for one of the mesh's own paths. Returns whether it was one. */
  takes(exchange: Exchange): boolean {
    const { target } = exchange.request;
    if (!target.startsWith(ADMIN_PATH)) return false;
    const path = pathOf(target);
    if (path !== ADMIN_PATH && !path.startsWith(`${ADMIN_PATH}/`)) return false;
    this.#answer(exchange, path.slice(ADMIN_PATH.length));
    return true;
  }

  onApplied(now: Configuration): void {
    this.#observer.applied(now);
  }

  onWaiting(revisions: readonly string[]): void {
    this.#observer.rejected = [];
    this.#observer.waiting = revisions;
  }

  onRejected(problems: readonly Problem[]): void {
    this.#observer.rejected = problems;
  }

  onServed(served: Served): void {
    this.#observer.served(served);
    const { revision } = served;
    this.#metrics.served(served, revision === undefined ? undefined : this.#observer.serviceOf(revision));
    if (this.#streams.any) this.#streams.tell(this.#event(served), served.answer?.values());
  }

  /** Records a line of a revision's output. */
  onLine(spec: RevisionSpec, line: string): void {
    this.#output.add(spec, line);
  }

  /** Returns a reader for a revision's answers if a stream of events needs their fields. */
  readAnswer(revision: string): AnswerReader | undefined {
    const service = this.#streams.any ? this.#observer.serviceOf(revision)?.split("/")[1] : undefined;
    const fields = service === undefined ? undefined : this.#streams.wantedOf(service);
    return fields && new AnswerReader(fields);
  }

  /** Ends every stream, so that the mesh can stop. */
  close(): void {
    this.#streams.close("the mesh ends");
    this.#output.close("the mesh ends");
  }

  #answer(exchange: Exchange, path: string): void {
    const { method, authority, headers } = exchange.request;
    const refused = refusal({ peer: exchange.peer, authority, headers });
    if (refused !== undefined) return sendReply(exchange, problemReply(403, refused));
    if (path === "/faults" && method === "POST") {
      const services = (): Configuration["plan"]["services"] => this.#view.loaded().plan.services;
      return changeFaults(exchange, { faults: this.#faults, services, onChanged: this.#view.onFaults });
    }
    if (method !== "GET" && method !== "HEAD") {
      const title = `${ADMIN_PATH}${path} takes GET, not ${method}`;
      return sendReply(exchange, problemReply(405, title, { allow: "GET, HEAD" }));
    }
    if (path === "/events" && method === "GET") return this.#openEvents(exchange);
    if (path === "/logs") return this.#output.answer(exchange);
    if (path === "/process") {
      return sendReply(exchange, jsonReply(200, { pid: process.pid, root: this.#view.root }));
    }
    if (path === "/state") {
      void this.#stateReply(exchange.request.target).then((reply) => sendReply(exchange, reply));
      return;
    }
    if (path === "/faults") return sendReply(exchange, jsonReply(200, this.#faultsState()));
    if (path === "/metrics") return void this.#metricsText().then((reply) => sendReply(exchange, reply));
    void this.#page(path).then((reply) => sendReply(exchange, reply));
  }

  /** Opens a stream of events, with fields of a service's answers for `?service=NAME&answer=FIELD&…`. */
  #openEvents(exchange: Exchange): void {
    const query = new URLSearchParams(exchange.request.target.split("?")[1]);
    const [service, texts] = [query.get("service"), query.getAll("answer")];
    if (texts.length === 0) return this.#streams.open(exchange);
    const fields = texts.map((text) => [text, readAnswerField(text)] as const);
    const unknown = fields.find(([, field]) => field === undefined);
    const known = fields.flatMap(([text, field]) => (field === undefined ? [] : [[text, field] as const]));
    if (service === null || texts.length > MOST_FIELDS)
      sendReply(exchange, problemReply(400, `answer= takes service=NAME and at most ${MOST_FIELDS} fields`));
    else if (unknown !== undefined)
      sendReply(exchange, problemReply(400, `answer=${unknown[0]}: expected is ${ANSWER_FIELD_FORMS}`));
    else this.#streams.open(exchange, { service, fields: new Map(known) });
  }

  async #page(path: string): Promise<Reply> {
    const known = "the page, /state, /events, /logs, /faults, /metrics and /process";
    try {
      const { pageFile } = await import("./page-files.ts");
      const reply = await pageFile(path);
      return (
        reply ?? problemReply(404, `the mesh has no ${ADMIN_PATH}${path}; below ${ADMIN_PATH} are ${known}`)
      );
    } catch (error) {
      return problemReply(500, `the page cannot be read: ${messageOf(error)}`);
    }
  }

  async #metricsText(): Promise<Reply> {
    const own = this.#metrics.text({
      loaded: this.#view.loaded(),
      observer: this.#observer,
      revisions: this.#view.revisions(),
      faults: this.#faultsState(),
    });
    const more = await this.#view.metrics?.().catch(() => "");
    return { status: 200, type: "text/plain; version=0.0.4; charset=utf-8", body: `${own}${more ?? ""}` };
  }

  #faultsState(): FaultsState {
    return this.#faults.state(this.#view.loaded().plan.services);
  }

  /** Returns the state, with figures over the last `?seconds=`. */
  async #stateReply(target: string): Promise<Reply> {
    const asked = new URLSearchParams(target.split("?")[1]).get("seconds");
    const range = asked === null ? WHOLE : RANGES.find(({ seconds }) => String(seconds) === asked);
    if (range === undefined) {
      const known = RANGES.map(({ seconds }) => seconds).join(", ");
      return problemReply(400, `seconds=${asked}: the state covers one of ${known} seconds`);
    }
    try {
      const rollouts = (await this.#view.rollouts?.(Date.now())) ?? [];
      return jsonReply(200, this.#state(range, rollouts));
    } catch (error) {
      const why = messageOf(error);
      return problemReply(500, `the state cannot be read: ${why}`);
    }
  }

  #state(range: Range, rollouts: MeshState["rollouts"]): MeshState {
    return meshState({
      range,
      rollouts,
      loaded: this.#view.loaded(),
      root: this.#view.root,
      ...this.#view.ports(),
      observer: this.#observer,
      faults: this.#faultsState(),
      revisions: this.#view.revisions(),
      startedMs: this.#startedMs,
      nowMs: Date.now(),
    });
  }

  #event(served: Served): ServedEvent {
    const { listener, revision, method, target, requestId, status, ms, cold, brokenBy, hops } = served;
    const [namespace = null, service = null] =
      (revision === undefined ? undefined : this.#observer.serviceOf(revision))?.split("/") ?? [];
    const rule = hops.findLast((hop) => hop.rule.at.file !== OVERLAY)?.rule;
    const decided = this.#observer.splitOf(served);
    const { header } = decided?.split ?? {};
    const unit = header === undefined ? undefined : served.header(header);
    return {
      t: Date.now(),
      listener,
      namespace,
      service,
      revision: revision?.split("/")[1] ?? null,
      method,
      path: pathOf(target),
      requestId,
      status,
      ms: Math.round(ms * 1000) / 1000,
      cold,
      fault: hops.some(hasFault),
      broken: brokenBy ?? null,
      route: rule === undefined ? null : lineOf(rule.at),
      split: decided?.route ?? null,
      ...(unit === undefined ? {} : { unit }),
    };
  }
}

/** The most fields of answers for one client. */
const MOST_FIELDS = 32;

/** Whether a fault delayed or answered the request at this hop. */
function hasFault({ delayMs, destination, rule }: Hop): boolean {
  return delayMs > 0 || (destination === undefined && rule.action.kind === "forward");
}
