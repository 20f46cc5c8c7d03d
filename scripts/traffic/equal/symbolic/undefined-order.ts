import { claimKey } from "../../compile/host-claims.ts";
import type { VirtualService } from "../../../manifests/kinds/istio-virtual-service.ts";
import type { Listener, Rule } from "../../table.ts";
import { canonical } from "../documents/object-kinds.ts";
import { type HostKind, patternAt } from "../request-space/hosts.ts";
import type { Side } from "./side.ts";
import { type Tree, unmodelledIn, type UnmodelledStep } from "./tree.ts";

const ABOUT = "the order of the rules for ";

/**
 * Marks a host for which the order of the rules is undefined: several VirtualServices have rules for it, and their
 * creation times decide. If both sides have the same VirtualServices there, the order is the same.
 */
export function undefinedOrder(
  { table, shared }: Side,
  listener: Listener,
  host: HostKind,
  rules: readonly Rule[],
): UnmodelledStep | undefined {
  const pattern = patternAt(table, listener, host);
  const [first] = rules;
  const several = pattern === undefined ? undefined : shared.get(claimKey(listener, pattern));
  if (several === undefined || first === undefined) return undefined;
  const text = textOf(several);
  const names = several.map(({ metadata }) => `${metadata.namespace ?? "default"}/${metadata.name}`);
  const about = `${ABOUT}${pattern} (VirtualService ${names.join(" and ")})`;
  return { kind: "unmodelled", about, text, at: first.at };
}

const texts = new WeakMap<readonly VirtualService[], string>();

function textOf(virtualServices: readonly VirtualService[]): string {
  let text = texts.get(virtualServices);
  if (text === undefined) {
    text = canonical(
      virtualServices.map(({ metadata, spec }) => [metadata.namespace ?? "default", metadata.name, spec]),
    );
    texts.set(virtualServices, text);
  }
  return text;
}

/**
 * Returns why two trees cannot be distinguished for certain: the order of rules matters in one of them; undefined
 * otherwise.
 */
export function orderThatDecides(trees: readonly Tree[]): string | undefined {
  const step = trees.flatMap(unmodelledIn).find(({ about }) => about.startsWith(ABOUT));
  return step === undefined ? undefined : `${step.about} decides the outcome, and it is undefined`;
}
