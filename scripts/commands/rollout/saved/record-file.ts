import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { EXIT, Failure } from "../../../exit.ts";
import { count } from "../../../format.ts";
import { versions } from "../../../project.ts";
import { auditKey, auditKeyPath } from "../../../rollout/audit/signed-store.ts";
import { FileJournal } from "../../../rollout/journal/file-journal.ts";
import { parseJournal, type Saved } from "../../../rollout/journal/journal.ts";
import { evidenceFiles, ROLLOUT_ID } from "../../../rollout/record/evidence-files.ts";
import { recordOf } from "../../../rollout/record/record.ts";
import { readShadowReport, shadowBefore } from "../../../rollout/record/shadow-evidence.ts";
import { fingerprintOf } from "../../../rollout/record/seal.ts";
import { type CheckedRecord, verifyRecord } from "../../../rollout/record/verify-record.ts";
import { printData } from "../../../text/data.ts";
import { print } from "../../../text/print.ts";
import { authorOf } from "../../options/author.ts";
import type { RolloutFlags } from "../flags.ts";
import { keyFrom } from "./verify-log-file.ts";
import { messageOf } from "../../../text/message-of.ts";

export interface RecordFlags extends RolloutFlags {
  /** The file to write. */
  out?: string;
  /** The report of a comparison by copied requests. */
  shadowReport?: string;
}

export interface VerifyRecordFlags extends Pick<RolloutFlags, "output"> {
  /** A PEM file with the public key, or the private one, that sealed the record. */
  key?: string;
}

/** Writes the record of a rollout into one file; the exit code. */
export async function writeRecord(id: string, flags: RecordFlags): Promise<number> {
  const service = ROLLOUT_ID.exec(id)?.[1];
  if (service === undefined)
    throw new Failure(`${id} is not the id of a rollout; ./kyc rollout list shows them`, EXIT.usage);
  const kept = join(flags.dir, ".kyc");
  const {
    saved,
    audit,
    inCluster = [],
  } = (await onMachine(kept, service, id)) ?? (await onCluster(service, id, flags));
  const onThisMachine = await evidenceFiles(join(kept, "evidence", id)).lines();
  const evidence = [...inCluster, ...onThisMachine];
  const endedMs = saved.entries.at(-1)?.event?.atMs ?? saved.plan.atMs;
  const shadow =
    flags.shadowReport === undefined
      ? await shadowBefore(join(kept, "reports"), saved.plan, endedMs)
      : await readShadowReport(flags.shadowReport).catch((error: unknown) => {
          throw new Failure(
            `--shadow-report ${flags.shadowReport} cannot be used: ${messageOf(error)}`,
            EXIT.usage,
          );
        });
  const key = await auditKey();
  const text = recordOf(
    {
      saved,
      audit: audit.filter((line) => line.includes(`"rollout":"${id}"`)),
      evidence,
      shadow,
      namespace: flags.namespace,
      writtenBy: await authorOf(undefined),
      writtenAtMs: Date.now(),
      versions: versions(),
    },
    key,
  );
  const file = flags.out === undefined ? join(kept, "records", `${id}.ndjson`) : resolve(flags.out);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(`${file}.new`, text, { flush: true });
  await rename(`${file}.new`, file);
  const checked = verifyRecord(Buffer.from(text, "utf8"), key);
  if (flags.output !== undefined) await printData({ file, ...checked }, flags.output);
  else {
    print(`${file}: ${summaryOf(checked)}`);
    for (const line of [...checked.findings, ...checked.limits]) print(`  ${line}`);
    print(`Sealed with ${auditKeyPath()}, whose public key has the SHA-256 ${fingerprintOf(key)}.`);
  }
  return checked.findings.length === 0 ? EXIT.ok : EXIT.failed;
}

/** Checks a record offline; the exit code. */
export async function verifyRecordFile(file: string, flags: VerifyRecordFlags): Promise<number> {
  const place = flags.key ?? auditKeyPath();
  const key = await keyFrom(place, flags.key !== undefined);
  if (key === undefined)
    throw new Failure(
      `${place} has no key; give the public key that sealed the record: --key FILE`,
      EXIT.usage,
    );
  const bytes = await readFile(file).catch((error: unknown) => {
    throw new Failure(`${file} cannot be read: ${messageOf(error)}`, EXIT.usage);
  });
  const checked = verifyRecord(bytes, key);
  const isRight = checked.findings.length === 0;
  if (flags.output !== undefined) await printData({ file, ...checked }, flags.output);
  else {
    print(`${file}: ${isRight ? `nothing was changed: ${summaryOf(checked)}` : "not as it was sealed"}`);
    for (const finding of checked.findings) print(`  ${finding}`);
    for (const { entry, from, to, verdict, because, outcomes } of checked.verdicts)
      if (outcomes !== null)
        print(`  entry ${entry}, ${from} → ${to}: ${verdict} after ${count(outcomes)} outcomes: ${because}`);
    for (const limit of checked.limits) print(`  ${limit}`);
    if (isRight) {
      print(`Sealed at ${checked.sealedAt} with the key ${checked.key}.`);
      print(`Not detected: a record that the owner of the private key fabricated as a whole.`);
    }
  }
  return isRight ? EXIT.ok : EXIT.failed;
}

function summaryOf({ rollout, verdicts, outcomes }: CheckedRecord): string {
  const again = verdicts.filter((verdict) => verdict.outcomes !== null).length;
  return `rollout ${rollout}, ${again} of ${verdicts.length} verdicts computed again from ${count(outcomes)} outcomes`;
}

interface Found {
  saved: Saved;
  audit: string[];
  /** The outcomes that a Job kept; another process may have gone on with its rollout. */
  inCluster?: string[];
}

/** The rollout by its files on this machine, the latest of its service or an earlier one; undefined if there is none. */
async function onMachine(kept: string, service: string, id: string): Promise<Found | undefined> {
  const folder = join(kept, "rollouts", service);
  const latest = await new FileJournal(folder).load();
  const saved = latest?.plan.id === id ? latest : await earlier(join(folder, "before", `${id}.ndjson`));
  if (saved === undefined) return undefined;
  const log = await readFile(join(kept, "audit", "local", `${service}.ndjson`), "utf8").catch(() => "");
  return { saved, audit: log.split("\n") };
}

async function earlier(file: string): Promise<Saved | undefined> {
  const text = await readFile(file, "utf8").catch(() => undefined);
  const parsed = text === undefined ? undefined : parseJournal(text, file);
  return parsed && { ...parsed, checkpoint: undefined };
}

/** The latest rollout of a service on a cluster. @throws Failure if that is another one */
async function onCluster(service: string, id: string, flags: RolloutFlags): Promise<Found> {
  const { contextOf } = await import("../context.ts");
  const { journal, audit, kube } = await contextOf(service, flags);
  const saved = await journal.load();
  if (saved?.plan.id === id) {
    const { evidenceMap } = await import("../../../rollout/record/evidence-map.ts");
    const { namespace } = flags;
    const inCluster = kube && (await evidenceMap(kube, { namespace, service, rollout: id }).lines());
    return { saved, audit: await audit.lines(), ...(inCluster === undefined ? {} : { inCluster }) };
  }
  const latest = saved === undefined ? "" : `; the latest there is ${saved.plan.id}`;
  throw new Failure(`There is no rollout ${id} on this machine or in ${journal.place}${latest}.`, EXIT.usage);
}
