import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { version } from "../package.json" with { type: "json" };

/** Whether this is a program in `.kyc/` of a checkout; defined when it is compiled. */
declare const KYC_OF_CHECKOUT: boolean | undefined;

const OWN = dirname(dirname(fileURLToPath(import.meta.url)));

/** Whether this is a compiled program (Bun, `--compile`), which contains Bun. */
const COMPILED = OWN.startsWith("/$bunfs") || /^[A-Z]:[\\/]~BUN/.test(OWN);

/** The variables that make `process.execPath` act as Bun even if it is a compiled program. */
export const AS_BUN: Readonly<Record<string, string>> = COMPILED ? { BUN_BE_BUN: "1" } : {};

const OF_CHECKOUT = typeof KYC_OF_CHECKOUT !== "undefined" && KYC_OF_CHECKOUT;

/** Whether this is a program of a release, which has no folder of this tool. */
export const RELEASED = COMPILED && !OF_CHECKOUT;

/** The folder of this tool's repository. */
export const PROJECT = OF_CHECKOUT ? dirname(dirname(process.execPath)) : OWN;

/** The versions of this project and of Bun, and the platform. */
export function versions(): { kyc: string; bun: string; platform: string } {
  return { kyc: version, bun: Bun.version, platform: `${process.platform} ${process.arch}` };
}
