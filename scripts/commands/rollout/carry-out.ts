import { join } from "node:path";
import { versions } from "../../project.ts";
import { writtenBackLine } from "../../engines/write-back.ts";
import { EXIT, Failure } from "../../exit.ts";
import { AuditLog, type Grounds } from "../../rollout/audit/audit-log.ts";
import type { Entry } from "../../rollout/journal/journal.ts";
import { type Held, LostLock } from "../../rollout/lock/lock.ts";
import type { Command } from "../../rollout/machine/state.ts";
import type { Plan } from "../../rollout/plan/plan.ts";
import { evidenceFiles, pruneEvidence } from "../../rollout/record/evidence-files.ts";
import { EvidenceLog } from "../../rollout/record/evidence-log.ts";
import { writeReport } from "../../rollout/report/write.ts";
import { realClock } from "../../rollout/clock.ts";
import type { ClusterEvents } from "../../rollout/notify/cluster-events.ts";
import { eventOf, Notifier } from "../../rollout/notify/notifier.ts";
import { noticeOf } from "../../rollout/notify/notice.ts";
import type { RunnerOptions } from "../../rollout/run/runner-options.ts";
import type { PrometheusConnection } from "../../sources/prometheus/prometheus-api.ts";
import { runRollout } from "../../rollout/run/runner.ts";
import { namesAnswerField } from "../../traffic/answer-field.ts";
import { trafficJudge } from "../../rollout/rollout-judge/traffic-judge.ts";
import { type RolloutView, viewOf } from "../../rollout/run/view.ts";
import { RolloutScreen } from "../../terminal/rollout/rollout-screen.ts";
import { OUTCOME_EXITS, type RolloutFlags } from "./flags.ts";
import type { Interrupts } from "./interrupts.ts";
import { waysOn } from "./next-step.ts";
import type { RolloutContext } from "./context.ts";
import { print, printMessage } from "../../text/print.ts";
import { printData } from "../../text/data.ts";
import { messageOf } from "../../text/message-of.ts";

export interface DriveOptions {
  context: RolloutContext;
  plan: Plan;
  /** The entries of the journal so far, at least one. */
  entries: readonly Entry[];
  checkpoint: unknown;
  held: Held;
  flags: RolloutFlags;
  interrupts: Interrupts;
  /** The first command to it. */
  asks?: Command | undefined;
}

/** Loaded only for a cluster: a rollout on this machine needs no client. */
async function eventsOf(...args: ConstructorParameters<typeof ClusterEvents>): Promise<ClusterEvents> {
  const loaded = await import("../../rollout/notify/cluster-events.ts");
  return new loaded.ClusterEvents(...args);
}

/** How long the end of a rollout waits for the delivery of its events. */
const NOTIFY_WITHIN_MS = 5_000;

/** Runs a rollout to its end: shows it, writes the audit log and the report, and returns the exit code. */
export async function drive(options: DriveOptions): Promise<number> {
  const { context, plan, entries, checkpoint, held, flags, interrupts, asks } = options;
  const { journal, engine, source, warm, beatMs } = context;
  const screen = new RolloutScreen(process.stderr);
  interrupts.during(screen, asks, flags.reason);
  let audit: AuditLog | undefined;
  let before = entries.at(-1);
  const untold: { entry: Entry; grounds: Grounds }[] = [];
  let view: RolloutView | undefined;
  if (before === undefined) throw new Error("a rollout starts with an entry");
  const first = before;
  const notifier = new Notifier({ addresses: plan.settings.notify ?? [], clock: realClock });
  const clusterEvents = context.kube && (await eventsOf(context.kube, plan, flags.namespace));
  let last = first.seq;
  // A log that cannot be written must not keep users on a bad candidate; missing lines are appended later.
  async function tellAll(): Promise<void> {
    if (audit === undefined) {
      const opened = await AuditLog.open(context.audit);
      await opened.catchUp(plan, entries);
      audit = opened;
    }
    for (let next = untold[0]; next !== undefined; next = untold[0]) {
      await audit.tell(plan, before, next.entry, next.grounds);
      before = next.entry;
      untold.shift();
    }
  }
  try {
    const state = await runRollout(
      {
        engine,
        source,
        journal,
        clock: realClock,
        makeJudge: trafficJudge,
        warm,
        checks: await checksOf(plan, context.checkPrometheus),
        evidence: await evidenceOf(context, plan, flags.namespace),
        beatMs,
        // Each write replaces a whole object of the cluster.
        ...(context.kube === undefined ? {} : { checkpointMs: 10_000 }),
        watchMs: Math.max(1_000, beatMs),
        lost: held.lost,
        asked: () => interrupts.take(flags.overwrite),
        events: {
          async onEntry(entry, recorder, ruling) {
            last = entry.seq;
            notifier.send(eventOf(plan, entry), noticeOf(plan, entry));
            clusterEvents?.write(entry);
            untold.push({ entry, grounds: { ruling, tally: structuredClone(recorder.tally) } });
            await tellAll().catch((error: unknown) =>
              screen.onTrouble(`cannot write the audit log: ${messageOf(error)}`),
            );
            view = viewOf(plan, entry.state, realClock.now(), {
              tally: recorder.tally,
              atStep: recorder.atStep,
              ruling,
            });
            screen.onEntry(entry, view);
          },
          onBeat(now, recorder, ruling, nowMs) {
            view = viewOf(plan, now, nowMs, { tally: recorder.tally, atStep: recorder.atStep, ruling });
            screen.onBeat(view);
          },
          onTrouble: (what) => screen.onTrouble(what),
        },
      },
      plan,
      first,
      checkpoint,
    );
    const notes: string[] = [];
    const attempt = async <T>(what: string, run: () => Promise<T>): Promise<T | undefined> => {
      try {
        return await run();
      } catch (error) {
        notes.push(`${what}: ${messageOf(error)}`);
        return undefined;
      }
    };
    await attempt(`The audit log ${context.auditPlace} is missing ${untold.length} decisions`, tellAll);
    await Promise.all([notifier.end(NOTIFY_WITHIN_MS), clusterEvents?.end(NOTIFY_WITHIN_MS)]);
    if (clusterEvents?.failure !== undefined)
      notes.push(`Not all events were written on the Knative Service: ${clusterEvents.failure}`);
    const lost = notifier.deliveries.filter(({ failure }) => failure !== null);
    for (const { url, type, failure } of lost) notes.push(`${type} was not delivered to ${url}: ${failure}`);
    await attempt(`Old outcomes in ${context.evidence} cannot be removed`, () =>
      pruneEvidence(context.evidence, plan.service, Date.now()),
    );
    const { files } = context;
    const written =
      files === undefined || state.phase === "held"
        ? undefined
        : await attempt("The files do not have the split", async () =>
            files.write(await engine.read(), context.who),
          );
    if (files !== undefined && state.phase === "held")
      notes.push("The files do not have the split yet: the rollout is held, and --write applies at its end.");
    const unsigned = context.audit.problem?.();
    if (unsigned !== undefined) notes.push(`Lines of the audit log have no signature: ${unsigned}`);
    screen.end();
    const saved = await attempt(`The journal ${journal.place} cannot be read`, () => journal.load());
    const missing = last - (saved?.entries.at(-1)?.seq ?? last);
    if (missing > 0)
      notes.push(
        `The journal ${journal.place} is missing the last ${missing} entries, so --status shows an older state.`,
      );
    const report =
      saved &&
      (await attempt("The report was not written", () =>
        writeReport(context.reports, saved, realClock.now()),
      ));
    if (flags.output !== undefined)
      await printData(
        { ...view, report, written, audit: context.auditPlace, notes, notifications: notifier.deliveries },
        flags.output,
      );
    else {
      const { service, baseline, candidate } = plan;
      print(
        `${state.phase}: ${service}, ${baseline} → ${candidate}${state.reason === "" ? "" : `: ${state.reason}`}`,
      );
      if (written !== undefined) print(writtenBackLine(written));
      if (report !== undefined) print(`report: ${report.html}\naudit log: ${context.auditPlace}`);
    }
    for (const note of notes) printMessage(`warning: ${note}`);
    if (state.phase === "held") tellWhatNext(plan.service, state.foreign !== null, flags);
    return exitCodeOfPhase(state.phase);
  } catch (error) {
    screen.end();
    if (error instanceof LostLock) throw new Failure(error.message, OUTCOME_EXITS.held);
    throw error;
  }
}

/** Stores the judge's observations: in files on this machine, or for a Job in a ConfigMap. */
async function evidenceOf(
  { kube, evidence }: RolloutContext,
  { id, service }: Plan,
  namespace: string,
): Promise<EvidenceLog> {
  if (kube === undefined || process.env["KYC_ROLLOUT_JOB"] === undefined)
    return new EvidenceLog(evidenceFiles(join(evidence, id)), versions());
  const { evidenceMap, MOST_IN_MAP } = await import("../../rollout/record/evidence-map.ts");
  const store = evidenceMap(kube, { namespace, service, rollout: id });
  return new EvidenceLog(store, versions(), MOST_IN_MAP);
}

/** Reads the checks of a Prometheus; undefined if the plan has none. @param given the Prometheus of this command line */
async function checksOf(
  { settings: { checks = [], checkPrometheus }, candidate, baseline }: Plan,
  given: PrometheusConnection | undefined,
): Promise<RunnerOptions["checks"]> {
  const queries = checks.filter(({ query }) => !namesAnswerField(query));
  if (queries.length === 0) return undefined;
  const { connectionOf } = await import("../../sources/prometheus/prometheus-api.ts");
  const { checkValue } = await import("../../sources/prometheus/check-values.ts");
  const connection = given ?? (await connectionOf(checkPrometheus ? { prometheus: checkPrometheus } : {}));
  return async (signal) => {
    const values = await Promise.all(
      queries.map(async ({ name, query }) => {
        const [ofCandidate, ofBaseline] = await Promise.all([
          checkValue(connection, query, candidate, signal),
          checkValue(connection, query, baseline, signal),
        ]);
        if (ofCandidate === undefined || ofBaseline === undefined) return [];
        return [{ check: name, candidate: ofCandidate, baseline: ofBaseline }];
      }),
    );
    return values.flat();
  };
}

/** The exit code of a phase in which a rollout is over. */
export function exitCodeOfPhase(phase: string): number {
  return phase === "promoted" || phase === "rolled back" || phase === "held"
    ? OUTCOME_EXITS[phase]
    : EXIT.failed;
}

function tellWhatNext(service: string, isForeign: boolean, flags: RolloutFlags): void {
  printMessage(waysOn(service, flags));
  if (isForeign)
    printMessage("add --overwrite to any of these to replace the live split; without it nothing is written");
}
