import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Saved } from "../journal/journal.ts";
import { reportData } from "./data.ts";
import { reportPage } from "./page.ts";

/** The files of a report. */
export interface ReportFiles {
  html: string;
  json: string;
}

/** Writes the report of a rollout into a folder: the page and its data. */
export async function writeReport(folder: string, saved: Saved, nowMs: number): Promise<ReportFiles> {
  const data = reportData(saved, nowMs);
  await mkdir(folder, { recursive: true });
  const files = { html: join(folder, `${saved.plan.id}.html`), json: join(folder, `${saved.plan.id}.json`) };
  await writeFile(files.json, `${JSON.stringify(data, undefined, 1)}\n`);
  await writeFile(files.html, reportPage(data));
  return files;
}
