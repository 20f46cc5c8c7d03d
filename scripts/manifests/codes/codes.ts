import type { CodeEntry } from "./entry.ts";
import { FILE_CODES } from "./file-codes.ts";
import { ISTIO_CODES } from "./istio-codes.ts";
import { KNATIVE_CODES } from "./knative-codes.ts";
import { PITFALL_CODES } from "./pitfall-codes.ts";

const ALL = { ...FILE_CODES, ...KNATIVE_CODES, ...ISTIO_CODES, ...PITFALL_CODES };

/** The identity of a problem, in kebab case. Code compares this, never a message. */
export type Code = keyof typeof ALL;

/** Every problem that this tool reports in files, in the order of `./kyc lint --list`. */
export const CODES: Readonly<Record<Code, CodeEntry>> = ALL;
