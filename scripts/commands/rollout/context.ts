import { hostname, userInfo } from "node:os";
import { join, resolve } from "node:path";
import type { Kube } from "../../cluster/kube/client.ts";
import { PROJECT } from "../../project.ts";
import type { AuditStore } from "../../rollout/audit/audit-log.ts";
import type { Journal } from "../../rollout/journal/journal.ts";
import type { Lock } from "../../rollout/lock/lock.ts";
import type { Warm } from "../../rollout/run/effects.ts";
import type { Engine } from "../../traffic/engine.ts";
import type { RolloutFlags } from "./flags.ts";

/** All that a rollout of one service works with. */
export interface RolloutContext {
  engine: Engine;
  /** Why this engine; undefined when it was named. */
  because: string | undefined;
  journal: Journal;
  lock: Lock;
  audit: AuditStore;
  /** Where the audit log is, for people. */
  auditPlace: string;
  reports: string;
  warm: Warm;
  who: string;
  /** How often is looked, and how late the engine may tell of a request; in milliseconds. */
  beatMs: number;
  settleMs: number;
  kube: Kube | undefined;
}

/** Finds the engine of a service, and where its rollouts are written down. */
export async function contextOf(service: string, flags: RolloutFlags): Promise<RolloutContext> {
  const { findEngine } = await import("../../engines/find-engine.ts");
  const root = flags.dir === undefined ? PROJECT : resolve(flags.dir);
  const { engine: named, context, namespace, prometheus } = flags;
  const { engine, because } = await findEngine({
    service,
    root,
    engine: named,
    context,
    namespace,
    prometheus,
  });
  const kept = join(root, ".kyc");
  const shared = { engine, because, reports: join(kept, "reports"), who: whoAmI() };
  const { fileStore } = await import("../../rollout/audit/file-store.ts");
  if (engine.name === "local") {
    const [{ FileJournal }, { FileLock }, { warmLocally }] = await Promise.all([
      import("../../rollout/journal/file-journal.ts"),
      import("../../rollout/lock/file-lock.ts"),
      import("../../rollout/run/warm.ts"),
    ]);
    const folder = join(kept, "rollouts", service);
    const auditPlace = join(kept, "audit", "local", `${service}.ndjson`);
    return {
      ...shared,
      journal: new FileJournal(folder),
      lock: new FileLock(join(folder, "lock"), service),
      audit: fileStore(auditPlace),
      auditPlace,
      warm: warmLocally(root, { service, namespace, path: flags.warmPath }),
      beatMs: 100,
      settleMs: 0,
      kube: undefined,
    };
  }
  return { ...shared, ...(await onCluster(service, flags, kept)) };
}

async function onCluster(
  service: string,
  { context, namespace, warmPath }: RolloutFlags,
  kept: string,
): Promise<Omit<RolloutContext, "engine" | "because" | "reports" | "who">> {
  const [
    { connect },
    { Kube },
    { ConfigMapJournal },
    { LeaseLock },
    { realClock },
    { warmOnCluster },
    { fileStore },
  ] = await Promise.all([
    import("../../cluster/kube/connection.ts"),
    import("../../cluster/kube/client.ts"),
    import("../../rollout/journal/config-map-journal.ts"),
    import("../../rollout/lock/lease-lock.ts"),
    import("../../rollout/clock.ts"),
    import("../../rollout/run/warm.ts"),
    import("../../rollout/audit/file-store.ts"),
  ]);
  const connection = connect({ context });
  const kube = new Kube(connection);
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
    audit: isJob ? journal.audit : fileStore(file),
    auditPlace: isJob ? journal.place : file,
    warm: warmOnCluster(kube, { service, namespace, path: warmPath }),
    beatMs: 400,
    // The pods are asked every second.
    settleMs: 1_500,
    kube,
  };
}

/** Who begins or changes a rollout, for the record. */
export function whoAmI(): string {
  const job = process.env["KYC_ROLLOUT_BY"];
  if (job !== undefined && job !== "") return job;
  return `${nameOfUser()}@${hostname()}`;
}

function nameOfUser(): string {
  const { USER, LOGNAME } = process.env;
  if (USER || LOGNAME) return USER || LOGNAME || "";
  try {
    return userInfo().username;
  } catch {
    // A container's user need not have a name.
    return `uid ${process.getuid?.() ?? "unknown"}`;
  }
}
