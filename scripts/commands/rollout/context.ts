import { join } from "node:path";
import type { Kube } from "../../cluster/kube/client.ts";
import type { ServiceContext } from "../../cluster/kube/service-context.ts";
import type { AuditStore } from "../../rollout/audit/audit-log.ts";
import type { Journal } from "../../rollout/journal/journal.ts";
import type { Lock } from "../../rollout/lock/lock.ts";
import { type Warm, warmBy } from "../../rollout/run/effects.ts";
import type { RecordedEngine } from "../../engines/engine.ts";
import type { SplitFiles } from "../../engines/write-back.ts";
import { namesAnswerField } from "../../traffic/answer-field.ts";
import type { OutcomeSource } from "../../sources/source.ts";
import type { PrometheusConnection } from "../../sources/prometheus/prometheus-api.ts";
import { EXIT, Failure } from "../../exit.ts";
import type { SourceFlags } from "../../sources/source.ts";
import { authorOf } from "../options/author.ts";
import type { RolloutFlags } from "./flags.ts";

/** The context of a rollout of one service. */
export interface RolloutContext {
  engine: RecordedEngine;
  source: OutcomeSource;
  /** Why this engine was chosen; undefined if the user named it. */
  because: string | undefined;
  journal: Journal;
  lock: Lock;
  audit: AuditStore;
  /** Where the audit log is, for messages. */
  auditPlace: string;
  reports: string;
  /** The Prometheus of the checks; undefined if the command line names none. */
  checkPrometheus: PrometheusConnection | undefined;
  /** The folder of recorded outcomes, with a folder for each rollout. */
  evidence: string;
  warm: Warm | undefined;
  /** The files that get the split at the end; undefined if none do, or if they are the engine. */
  files: SplitFiles | undefined;
  who: string;
  /** How often the rollout checks for a decision, in milliseconds. */
  beatMs: number;
  kube: Kube | undefined;
}

/** Finds the engine of a service, and the journal of its rollouts. */
export async function contextOf(service: string, flags: RolloutFlags): Promise<RolloutContext> {
  const [{ findEngine }, { openSource, sourceFlagsOf }, { serviceContext }] = await Promise.all([
    import("../../engines/find-engine.ts"),
    import("../../sources/registry.ts"),
    import("../../cluster/kube/service-context.ts"),
  ]);
  const { context, namespace, dir: root } = flags;
  const where = serviceContext({ service, root, context, namespace });
  const { engine, because } = await findEngine(where, flags.engine);
  const { location } = engine;
  const source = await openSource(where, { location, name: flags.source, flags: sourceFlagsOf(flags) });
  const kept = join(root, ".kyc");
  const shared = {
    engine,
    source,
    because,
    reports: join(kept, "reports"),
    evidence: join(kept, "evidence"),
    checkPrometheus: await checkPrometheusOf(flags, sourceFlagsOf(flags)),
    who: await rolloutAuthor(location === "machine" ? undefined : await where.kube(), flags.by),
    warm: warmBy(engine, flags.warmPath),
    files: flags.write && location === "cluster" ? await filesOf(where) : undefined,
  };
  const [{ fileStore }, { signedStore }] = await Promise.all([
    import("../../rollout/audit/file-store.ts"),
    import("../../rollout/audit/signed-store.ts"),
  ]);
  if (location === "machine") {
    const [{ FileJournal }, { FileLock }] = await Promise.all([
      import("../../rollout/journal/file-journal.ts"),
      import("../../rollout/lock/file-lock.ts"),
    ]);
    const folder = join(kept, "rollouts", service);
    const auditPlace = join(kept, "audit", "local", `${service}.ndjson`);
    return {
      ...shared,
      journal: new FileJournal(folder),
      lock: new FileLock(join(folder, "lock"), service),
      audit: signedStore(auditPlace, fileStore(auditPlace)),
      auditPlace,
      beatMs: 100,
      kube: undefined,
    };
  }
  return { ...shared, ...(await onCluster(where, kept)) };
}

async function filesOf(where: ServiceContext): Promise<SplitFiles> {
  const { SplitFiles } = await import("../../engines/write-back.ts");
  return SplitFiles.open(where);
}

/** @throws UsageError when there are checks, and no Prometheus to read them from */
async function checkPrometheusOf(
  { check, checkPrometheus }: RolloutFlags,
  ofSource: SourceFlags,
): Promise<PrometheusConnection | undefined> {
  const isAsked = check.some(({ query }) => !namesAnswerField(query));
  if (!isAsked && checkPrometheus === undefined) return undefined;
  const { connectionOf } = await import("../../sources/prometheus/prometheus-api.ts");
  if (checkPrometheus === undefined && ofSource["prometheus"] === undefined)
    throw new Failure(
      "--check needs a Prometheus: give its address with --check-prometheus http://HOST:9090",
      EXIT.usage,
    );
  return connectionOf(checkPrometheus === undefined ? ofSource : { prometheus: checkPrometheus });
}

async function onCluster(
  where: ServiceContext,
  kept: string,
): Promise<Pick<RolloutContext, "journal" | "lock" | "audit" | "auditPlace" | "beatMs" | "kube">> {
  const [{ ConfigMapJournal }, { LeaseLock }, { realClock }, { fileStore }, { signedStore }] =
    await Promise.all([
      import("../../rollout/journal/config-map-journal.ts"),
      import("../../rollout/lock/lease-lock.ts"),
      import("../../rollout/clock.ts"),
      import("../../rollout/audit/file-store.ts"),
      import("../../rollout/audit/signed-store.ts"),
    ]);
  const { service, namespace } = where;
  const kube = await where.kube();
  const { connection } = kube;
  const journal = new ConfigMapJournal(kube, namespace, service);
  const isJob = process.env["KYC_ROLLOUT_JOB"] !== undefined;
  const file = join(
    kept,
    "audit",
    connection.context.replaceAll(/[^A-Za-z0-9.-]/g, "_"),
    namespace,
    `${service}.ndjson`,
  );
  return {
    journal,
    lock: new LeaseLock(kube, namespace, service, realClock),
    audit: isJob ? journal.audit : signedStore(file, fileStore(file)),
    auditPlace: isJob ? journal.place : file,
    beatMs: 400,
    kube,
  };
}

/**
 * The author of a rollout or of a command to it, for the record. In a Job it is the user who created the Job. A name given by
 * `--by` precedes the identity and does not replace it: `ann (root@host)`.
 */
async function rolloutAuthor(kube: Kube | undefined, by: string | undefined): Promise<string> {
  const author = process.env["KYC_ROLLOUT_BY"] || (await authorOf(kube));
  return by === undefined ? author : `${by} (${author})`;
}
