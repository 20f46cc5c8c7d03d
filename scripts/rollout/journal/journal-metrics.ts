import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { metric, type Sample } from "../../text/prometheus-text.ts";
import { FileLock } from "../lock/file-lock.ts";
import { isOver } from "../machine/state.ts";
import { FileJournal } from "./file-journal.ts";
import { CorruptJournal, lastOf, type Saved } from "./journal.ts";

/**
 * Returns the last rollout of each service as metrics in the text format of Prometheus, read from the journals on
 * this machine. An unreadable journal is omitted; `rollout list` shows the reason.
 * @param folder contains a folder for each service
 */
export async function rolloutMetrics(folder: string): Promise<string> {
  const services = await readdir(folder).catch(() => []);
  const found = await Promise.all(services.map((service) => readOne(folder, service)));
  const rollouts = found.filter((each) => each !== undefined);
  const each = (samples: (rollout: Rollout) => readonly Sample[]): Sample[] => rollouts.flatMap(samples);
  return [
    metric(
      "kyc_rollout_phase",
      "gauge",
      "1 for the phase that the last rollout of a service is in.",
      each(({ labels, saved }) => [[{ ...labels, phase: lastOf(saved).phase }, 1]]),
    ),
    metric(
      "kyc_rollout_candidate_percent",
      "gauge",
      "The share of the candidate that the rollout wrote last.",
      each(({ labels, saved }) => [[labels, candidatePercent(saved)]]),
    ),
    metric(
      "kyc_rollout_verdict",
      "gauge",
      "1 for the last verdict of the rollout's judge.",
      each(({ labels, saved }) => {
        const verdict = lastVerdict(saved);
        return verdict === undefined ? [] : [[{ ...labels, verdict }, 1]];
      }),
    ),
    metric(
      "kyc_rollout_abandoned",
      "gauge",
      "1 if a rollout is not over and no process runs it.",
      each(({ labels, saved, held }) => [[labels, held || isOver(lastOf(saved)) ? 0 : 1]]),
    ),
  ].join("");
}

interface Rollout {
  readonly labels: Readonly<Record<string, string>>;
  readonly saved: Saved;
  /** Whether a process runs it. */
  readonly held: boolean;
}

async function readOne(folder: string, service: string): Promise<Rollout | undefined> {
  const own = join(folder, service);
  const saved = await new FileJournal(own).load().catch((error: unknown) => {
    if (error instanceof CorruptJournal) return undefined;
    throw error;
  });
  if (saved === undefined) return undefined;
  const { candidate, baseline } = saved.plan;
  const holder = await new FileLock(join(own, "lock"), service).holder().catch(() => undefined);
  return { labels: { service, baseline, candidate }, saved, held: holder !== undefined };
}

function lastVerdict({ entries }: Saved): string | undefined {
  const event = entries.findLast((entry) => entry.event?.type === "verdict")?.event;
  return event?.type === "verdict" ? event.verdict : undefined;
}

function candidatePercent(saved: Saved): number {
  const own = lastOf(saved).written.targets.filter(({ revision }) => revision === saved.plan.candidate);
  return own.reduce((sum, { percent }) => sum + percent, 0);
}
