import Type, { type Static } from "typebox";
import { Check } from "typebox/schema";
import type { Kube } from "../kube/client.ts";
import type { ObjectRef } from "../kube/kube-object.ts";
import { MANAGED_BY, MANAGER } from "../ownership.ts";
import { UserError } from "../user-error.ts";
import { type ConfigMap, configMap, readConfigMap } from "../kube/config-map.ts";

/** The objects that one step has created, and the values that it changed, so that it can be undone. */
export const LedgerEntry = Type.Object({
  step: Type.String(),
  /** Objects that did not exist before, in the order in which they were created. */
  objects: Type.Array(
    Type.Object({
      apiVersion: Type.String(),
      kind: Type.String(),
      name: Type.String(),
      namespace: Type.Optional(Type.String()),
    }),
  ),
  /** Previous values of changed ones; null if there was none. */
  before: Type.Record(Type.String(), Type.Union([Type.String(), Type.Null()])),
  /** Whether the step was completed; an interrupted step is run again. */
  complete: Type.Boolean(),
});
export type LedgerEntry = Static<typeof LedgerEntry>;

/** The ConfigMap of the record. */
export const LEDGER = configMap("kube-system", "kyc-platform");
const METADATA = {
  name: LEDGER.name,
  namespace: "kube-system",
  labels: { [MANAGED_BY]: MANAGER },
};

/**
 * Reads the record of what `up` has installed, which is stored in the cluster: `down` removes recorded objects and
 * nothing else. A step is recorded before it begins, so that an interrupted one is removed too.
 */
export async function readLedger(kube: Kube): Promise<LedgerEntry[]> {
  return entriesOf(await readConfigMap(kube, LEDGER));
}

/** Records what a step is about to create or change. Earlier entries keep their values, which are the older ones. */
export async function recordStep(
  kube: Kube,
  step: string,
  { objects = [], before = {} }: { objects?: readonly ObjectRef[]; before?: LedgerEntry["before"] },
): Promise<void> {
  await change(kube, (entries) => {
    const entry = entries.find((made) => made.step === step);
    const known = new Set(entry?.objects.map(keyOf));
    const added = objects.filter((object) => !known.has(keyOf(object))).map(plain);
    const merged = {
      step,
      objects: [...(entry?.objects ?? []), ...added],
      before: { ...before, ...entry?.before },
      complete: false,
    };
    return entry === undefined
      ? [...entries, merged]
      : entries.map((made) => (made === entry ? merged : made));
  });
}

/** Records that a step was completed. */
export async function completeStep(kube: Kube, step: string): Promise<void> {
  await change(kube, (entries) =>
    entries.map((made) => (made.step === step ? { ...made, complete: true } : made)),
  );
}

/** Whether `up` began a step and did not complete it. */
export function isBrokenOff(ledger: readonly LedgerEntry[], step: string): boolean {
  return ledger.some((made) => made.step === step && !made.complete);
}

/** Removes the entry of a step that was undone. */
export async function forgetStep(kube: Kube, step: string): Promise<void> {
  await change(kube, (entries) => entries.filter((made) => made.step !== step));
}

async function change(kube: Kube, edit: (entries: LedgerEntry[]) => LedgerEntry[]): Promise<void> {
  const found = await readConfigMap(kube, LEDGER);
  const entries = edit(entriesOf(found));
  const data = { made: JSON.stringify(entries, undefined, 1) };
  if (entries.length === 0) {
    if (found !== undefined) await kube.delete(LEDGER);
  } else if (found === undefined) {
    const ledger: ConfigMap = { apiVersion: "v1", kind: "ConfigMap", metadata: METADATA, data };
    await kube.create(ledger, { fieldManager: MANAGER });
  } else {
    // By its resourceVersion: of two concurrent runs, neither overwrites the other's entries.
    const ledger: ConfigMap = { ...found, data };
    await kube.replace(ledger, { fieldManager: MANAGER });
  }
}

function entriesOf(ledger: ConfigMap | undefined): LedgerEntry[] {
  if (ledger === undefined) return [];
  const entries = parsed(ledger.data?.["made"] ?? "");
  if (Check(Type.Array(LedgerEntry), entries)) return entries;
  throw new UserError(
    `ConfigMap ${LEDGER.namespace}/${LEDGER.name}, which records what ./kyc up has installed, cannot be read. Delete it to start a new record; what was installed before must then be removed by hand.`,
  );
}

function plain({ apiVersion, kind, name, namespace }: ObjectRef): LedgerEntry["objects"][number] {
  return { apiVersion, kind, name, ...(namespace === undefined ? {} : { namespace }) };
}

function keyOf({ apiVersion, kind, name, namespace }: ObjectRef): string {
  return [apiVersion, kind, namespace, name].join("/");
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
