import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Assessment } from "../assess.ts";
import type { ShadowCounts } from "../counts.ts";
import type { Version } from "../versions.ts";
import { reportPage } from "./page.ts";

/** A comparison that is over, as data. */
export interface ShadowReport extends Assessment {
  readonly id: string;
  readonly service: string;
  readonly control: Version;
  readonly candidate: Version;
  /** The engine and the place of the mirror. */
  readonly engine: string;
  readonly place: string;
  readonly by: string;
  /** The mirrored share of requests. */
  readonly percent: number;
  readonly beganMs: number;
  readonly endedMs: number;
  readonly isInterrupted: boolean;
  readonly counts: ShadowCounts;
}

/** The files of a report. */
export interface ReportFiles {
  readonly html: string;
  readonly json: string;
}

/** Writes a report into a folder: the page and its data. */
export async function writeReport(folder: string, report: ShadowReport): Promise<ReportFiles> {
  await mkdir(folder, { recursive: true });
  const files = { html: join(folder, `${report.id}.html`), json: join(folder, `${report.id}.json`) };
  await writeFile(files.json, `${JSON.stringify(report, undefined, 1)}\n`);
  await writeFile(files.html, reportPage(report));
  return files;
}
